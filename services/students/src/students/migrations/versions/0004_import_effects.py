"""What an import did to students, for as long as it can be undone."""

import sqlalchemy as sa
from alembic import op
from servicekit.rls import enable_rls
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "import_effect",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("job_id", sa.Uuid, primary_key=True),
        sa.Column("student_id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        # the restored student as it was in the trash; null: the import created the student
        sa.Column("before", JSONB),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.ForeignKeyConstraint(
            ["tenant_id", "student_id"],
            ["student.tenant_id", "student.id"],
            name="fk_import_effect_student",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_import_effect_student", "import_effect", ["tenant_id", "student_id"])
    op.create_index("ix_import_effect_made", "import_effect", ["made_at"])
    enable_rls(op, "import_effect")


def downgrade() -> None:
    op.drop_table("import_effect")
