"""What an import leaves in the audit trail, and what it does not touch."""

from uuid import uuid4


def test_an_import_records_whom_it_created_and_restored(academy, person, trail):
    [first, _] = academy.resolve(person(1), person(2))
    academy.delete(first["student_id"])
    job = uuid4()
    academy.resolve(person(1), person(2), person(3), person(4, grade=9), job=job)
    mine = [entry for entry in trail() if entry[0] == f"job:{job}"]
    assert sorted(mine) == [(f"job:{job}", "created", {}), (f"job:{job}", "restored", {})]
    pseudonyms = academy.all("SELECT pseudonym FROM audit ORDER BY seq")
    assert len(pseudonyms) == 4
    assert len(set(pseudonyms)) == 3


def test_a_dry_run_records_nothing(academy, person, trail):
    academy.resolve(person(1), dry_run=True)
    assert trail() == []


def test_a_restore_by_import_keeps_what_sheets_do_not_have(academy, create):
    kept = {
        "address": "서울",
        "origin_school": "다라중",
        "custom_fields": {"차량": "1호"},
        "is_managed": False,
    }
    made = create(**kept, school="옛 학교")
    academy.delete(made["id"])
    academy.resolve({"name": "김하나", "parent_phone": "01012345678", "school": "새 학교"})
    assert academy.all("SELECT address, origin_school, custom_fields, is_managed, school FROM student") == [
        (*kept.values(), "새 학교")
    ]
