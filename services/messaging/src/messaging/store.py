"""Tables: the read model of whom a message may reach."""

import sqlalchemy as sa

metadata = sa.MetaData()

recipient = sa.Table(
    "recipient",
    metadata,
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("student_id", sa.Uuid, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parent_phone", sa.Text, nullable=False),
    sa.Column("student_phone", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("deleted", sa.Boolean, nullable=False),
)
