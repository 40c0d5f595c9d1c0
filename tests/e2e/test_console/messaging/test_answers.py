"""The stand-in gives what the service gives: the pages are tested on nothing that will not come."""

from __future__ import annotations

import pytest
from messaging.schemas import batches, composing, log, settings, templates


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("batch", batches.BatchSchema),
        ("template", templates.TemplateSchema),
        ("preview", templates.PreviewSchema),
        ("estimate", composing.EstimateSchema),
        ("info", settings.InfoSchema),
    ],
)
def test_it_has_the_fields_of_the_schema(answers, name, schema):
    assert set(answers[name]) == set(schema().fields)


def test_a_message_has_those_of_the_log_and_of_the_ambiguous(answers):
    fields = {*log.LogEntrySchema().fields, *log.AmbiguousEntrySchema().fields}
    assert set(answers["entry"]) == fields
