"""deploy/aws/templates as text: cfn-lint finds nothing, generated ones are up to date, all can be read."""

import pytest
from academyctl.aws.stacks import TEMPLATES
from academyctl.commands.aws import generated

BODY_LIMIT = 51_200  # bytes that CloudFormation takes without a bucket


def test_cfn_lint_has_nothing_to_say():
    """No error and no warning; it follows conditions and mappings through both sizes."""
    from cfnlint import api  # noqa: PLC0415 - it takes seconds that only this test needs
    from cfnlint.config import ManualArgs  # noqa: PLC0415 - as above

    config = ManualArgs(regions=["ap-northeast-2"])
    found = [
        f"{path.name}: {match}"
        for path in sorted(TEMPLATES.iterdir())
        for match in api.lint(path.read_text(encoding="utf-8"), config=config)
    ]
    assert found == []


@pytest.mark.parametrize("path", sorted(TEMPLATES.iterdir()), ids=lambda path: path.name)
def test_a_template_can_be_read_and_sent(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) <= BODY_LIMIT
    assert len(text.splitlines()) <= 400


def test_what_is_generated_is_what_the_files_of_deploy_say():
    old = [path.name for path, text in generated().items() if path.read_text(encoding="utf-8") != text]
    assert old == [], "run: academyctl aws render"
