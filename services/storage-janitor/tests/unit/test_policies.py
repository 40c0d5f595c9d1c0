"""A policy file that could delete more than it means to is refused, with every problem at once."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from storage_janitor.adapters.policy_file import built_in
from storage_janitor.domain.judging import Reference, Verdict, judge
from storage_janitor.domain.objects import Found
from storage_janitor.domain.patterns import Pattern, shape_of
from storage_janitor.domain.policies import PolicyError, parse

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ID, OTHER = UUID(int=1), UUID(int=2)
HEAD = """
version = 1
[apply]
objects_per_second = 100
sample = 5
[fuse]
objects = 100
percent = 20
gigabytes = 1
floor = 10
"""
RULE = """
[[rule]]
name = "export"
bucket = "excel"
pattern = "exports/{tenant}/{file}"
owner = "enrollment"
from = "written"
age = "24h"
action = "delete"
"""
KEEP = """
[[rule]]
name = "photo"
bucket = "storage"
pattern = "photos/{tenant}/{student}"
action = "keep"
"""


NUMBERS = {
    *(("missing_field", f"apply: {name}") for name in ("objects_per_second", "sample")),
    *(("missing_field", f"fuse: {name}") for name in ("objects", "percent", "gigabytes", "floor")),
}


def problems(text):
    with pytest.raises(PolicyError) as caught:
        parse(text)
    return set(caught.value.problems)


def changed(old, new):
    assert old in RULE
    return HEAD + RULE.replace(old, new)


def test_the_policy_of_this_build_is_valid_and_says_what_design_says():
    rules = {rule.name: rule for rule in built_in().rules}
    assert (rules["export"].age, rules["export"].since) == (timedelta(hours=24), "written")
    assert rules["video-raw"].since == "expired"
    assert (rules["video-hls"].since, rules["video-hls"].pattern.text[-6:]) == ("deleted", "{rest}")
    assert rules["photo"].action == "keep"
    assert not rules["erasure-ledger"].erase


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {("no_rules", "rule"), ("missing_field", "policy: version"), *NUMBERS}),
        (HEAD, {("no_rules", "rule")}),
        (HEAD + "rule = 5", {("no_rules", "rule"), ("unknown_field", "fuse: rule")}),
        (HEAD + "[[rule]]\n", {("missing_field", "rule 1: name")}),
        (changed('"exports/{tenant}/{file}"', '""'), {("empty_prefix", "export")}),
        (changed('"exports/{tenant}/{file}"', '"/{tenant}/{file}"'), {("empty_prefix", "export")}),
        (changed('"exports/{tenant}/{file}"', '"{tenant}/{file}"'), {("empty_prefix", "export")}),
        (changed('"exports/{tenant}/{file}"', '"{rest}"'), {("empty_prefix", "export")}),
        (changed('"exports/{tenant}/{file}"', '"e{rest}"'), {("empty_prefix", "export")}),
        (changed('"exports/{tenant}/{file}"', '"exports"'), {("bucket_root", "export")}),
        (changed('"exports/{tenant}/{file}"', '"exports/"'), {("bucket_root", "export")}),
        (changed('"exports/{tenant}/{file}"', '"exports//{tenant}"'), {("bucket_root", "export")}),
        (changed('"exports/{tenant}/{file}"', '"exports/{rest}"'), {("no_tenant", "export")}),
        (
            changed('"exports/{tenant}/{file}"', '"exports/{tenant}/{rest}/x"'),
            {("unknown_placeholder", "export")},
        ),
        (
            changed('"exports/{tenant}/{file}"', '"exports/{tenant}/{any}"'),
            {("unknown_placeholder", "export")},
        ),
        (
            changed('"exports/{tenant}/{file}"', '"exports/{tenant}/{tenant}"'),
            {("unknown_placeholder", "export")},
        ),
        (changed('"exports/{tenant}/{file}"', "5"), {("empty_prefix", "export")}),
        (changed('age = "24h"\n', ""), {("no_age", "export")}),
        (changed('"24h"', '"0h"'), {("bad_age", "export")}),
        (changed('"24h"', '"9m"'), {("bad_age", "export")}),
        (changed('"24h"', '"1 day"'), {("bad_age", "export")}),
        (changed('"24h"', "24"), {("bad_age", "export")}),
        (changed('"24h"', '"-1d"'), {("bad_age", "export")}),
        (changed('"excel"', '"excell"'), {("unknown_bucket", "export")}),
        (changed('"enrollment"', '"nobody"'), {("unknown_owner", "export")}),
        (changed('"written"', '"deleted"'), {("unknown_owner", "export")}),
        (changed('"written"', '"born"'), {("unknown_from", "export")}),
        (changed('from = "written"\n', ""), {("unknown_from", "export")}),
        (changed('"delete"', '"move"'), {("unknown_action", "export")}),
        (changed('action = "delete"', 'action = "delete"\ngrace = "soon"'), {("bad_age", "export: grace")}),
        (changed('action = "delete"', 'action = "delete"\nerase = 1'), {("bad_word", "export: erase")}),
        (changed('action = "delete"', 'action = "delete"\ntags = "x"'), {("unknown_field", "export: tags")}),
        (
            changed('action = "delete"', 'action = "delete"\nfuse = {percent = 0}'),
            {("bad_number", "export: percent")},
        ),
        (
            changed('action = "delete"', 'action = "delete"\nfuse = {percent = 101}'),
            {("bad_number", "export: percent")},
        ),
        (
            changed('action = "delete"', 'action = "delete"\nfuse = {all = 1}'),
            {("unknown_field", "export: all")},
        ),
        (HEAD + RULE + RULE, {("repeated_name", "export"), ("overlap", "export, export")}),
        (HEAD + KEEP + 'age = "1d"\n', {("needless_field", "photo: age")}),
        (HEAD.replace("version = 1", "version = 2") + RULE, {("bad_number", "policy: version")}),
        (
            HEAD.replace("percent = 20", "percent = true") + RULE,
            {("bad_number", "fuse: percent"), ("bad_number", "export: percent")},
        ),
        (
            HEAD.replace("objects_per_second = 100", "") + RULE,
            {("missing_field", "apply: objects_per_second")},
        ),
    ],
)
def test_each_mistake_has_its_code(text, expected):
    assert problems(text) == expected


def test_what_is_no_toml_is_said_with_its_place():
    ((code, where),) = problems("version = ]")
    assert (code, "line 1" in where) == ("not_toml", True)


@pytest.mark.parametrize("text", ["a = " + "[" * 50_000, "a = " + "9" * 5000])
def test_what_no_reader_can_read_is_refused_as_well(text):
    assert {code for code, _ in problems(text)} == {"not_toml"}


def test_all_mistakes_are_told_at_once():
    text = changed('age = "24h"\n', "").replace('"excel"', '"x"').replace('"exports/{tenant}/{file}"', '""')
    assert problems(text) == {("no_age", "export"), ("unknown_bucket", "export"), ("empty_prefix", "export")}


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("a/{tenant}/{file}", "a/{tenant}/{job}.xlsx", True),
        ("a/{tenant}/{file}.csv", "a/{tenant}/{job}.xlsx", False),
        ("a/{tenant}/x/{rest}", "a/{tenant}/y/{rest}", False),
        ("a/{tenant}/{rest}", "a/{tenant}/y/{file}", True),
        ("a/{rest}", "a/{tenant}/{file}", True),
        ("a/{tenant}", "a/{tenant}/{file}", False),
        ("a/{tenant}/{file}", "b/{tenant}/{file}", False),
        ("a/{tenant}/x_{file}", "a/{tenant}/y_{file}", False),
        ("a/{tenant}/x_{file}", "a/{tenant}/x_y_{file}", True),
        ("a/{tenant}/{job}", "a/{tenant}/report", False),
    ],
)
def test_rules_that_may_meet_in_a_key_are_found(one, other, meet):
    assert (Pattern(one).meets(Pattern(other)), Pattern(other).meets(Pattern(one))) == (meet, meet)


@pytest.mark.parametrize(
    ("bucket", "key", "rule"),
    [
        ("excel", f"excel/hangang/{ID}.xlsx", "import-upload"),
        ("excel", f"exports/hangang/{ID}_출석부 (3월).xlsx", "export"),
        ("video", f"tenants/hangang/video/raw/{ID}/{OTHER}.mp4", "video-raw"),
        ("video", f"tenants/hangang/video/hls/{ID}/a/b.m4s", "video-hls"),
        ("storage", f"photos/hangang/{ID}", "photo"),
        ("storage", f"erasures/hangang/2026-03-02/{ID}.json", "erasure-ledger"),
        ("ai", "tenants/hangang/ai/exams/1/assets/x.png", "ai-files"),
        # of another bucket, tenant, shape
        ("video", f"excel/hangang/{ID}.xlsx", None),
        ("excel", f"excel/Hangang/{ID}.xlsx", None),
        ("excel", f"excel/hangang/{ID}.xlsx.part", None),
        ("excel", f"excel/hangang/../{ID}.xlsx", None),
        ("excel", "excel/hangang/", None),
        ("excel", f"exports/hangang/{ID}_", None),
        ("excel", f"exports/hangang/{ID}_a/b", None),
        ("video", f"tenants/hangang/video/hls/{ID}/", None),
        ("video", f"tenants/hangang/video/hls/{ID}", None),
        ("video", f"tenants/hangang/video/hls/{ID}3/a.m4s", None),
        ("video", f"xtenants/hangang/video/hls/{ID}/a.m4s", None),
        ("video", "", None),
    ],
)
def test_which_rule_a_key_has(bucket, key, rule):
    found = built_in().match(bucket, key)
    assert (found[0].name if found else None) == rule


def test_unknown_keys_of_a_kind_have_one_shape():
    assert {shape_of(f"readiness/{one}") for one in (ID, OTHER)} == {"readiness/{uuid}"}
    assert shape_of("backup/2026/03/dump-17.gz") == "backup/{n}/{n}/dump-{n}.gz"
    assert shape_of("a/b/c/d/e/f") == "a/b/c/…"


@pytest.mark.parametrize(
    ("name", "written", "reference", "verdict"),
    [
        # hours ago; since when it is needless: hours ago, None while needed, "-" for nothing heard of
        ("export", 24, "-", "due"),
        ("export", 23.9, "-", "waiting"),
        ("import-upload", 100, 1, "due"),
        ("import-upload", 100, 0.9, "waiting"),
        ("import-upload", 71.9, "-", "young"),
        ("import-upload", 72, "-", "orphan"),
        ("video-raw", 9000, None, "needed"),
        ("video-raw", 9000, 24, "due"),
        ("video-raw", 9000, 23.9, "waiting"),
        ("video-raw", 9000, -9000, "waiting"),
        ("video-raw", 9000, "-", "orphan"),
        ("video-hls", 9000, None, "needed"),
        ("video-hls", 0, 48, "due"),
        ("video-hls", 9000, 47.9, "waiting"),
        ("video-hls", 71, "-", "young"),
        ("photo", 9000, None, "kept"),
        ("photo", 9000, "-", "orphan"),
        ("photo", 71, "-", "young"),
        ("erasure-ledger", 90_000, "-", "kept"),
        ("ai-files", 90_000, "-", "kept"),
    ],
)
def test_what_becomes_of_an_object(name, written, reference, verdict):
    def ago(hours):
        return None if hours is None else NOW - timedelta(hours=hours)

    found = Found("key", 1, "etag", ago(written))
    spoken = None if reference == "-" else Reference(ago(reference))
    assert judge(built_in().rule(name), found, spoken, NOW).verdict is Verdict(verdict)
