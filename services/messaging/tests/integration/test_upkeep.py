"""What is pulled, shown and forgotten on time; and what a purge leaves of messages."""

from datetime import timedelta
from uuid import UUID

import pytest
from eventkit.erasure import Person
from eventkit.metrics import Metrics
from eventkit.trace import Cause
from eventkit.uow import unit_of_work
from messaging import metrics
from messaging.domain.recipients import Fingerprints
from messaging.usecases import upkeep
from messaging.usecases.erasure import erase_students
from prometheus_client import CollectorRegistry

GONE, SIBLING = UUID(int=1), UUID(int=2)
PRINTS = Fingerprints(b"k" * 32)
PHONE = "01000000000"


class Account:
    """The provider's account."""

    def opted_out(self):
        return [PHONE, "01099999999"]

    def balance(self):
        return 12345


@pytest.fixture
def recipient(academy):
    def add(student, tenant="hangang", phone=PHONE):
        academy.db.admin.execute(
            "INSERT INTO recipient (tenant_id, student_id, name, parent_phone, version, deleted)"
            " VALUES (%s, %s, '김하나', %s, 1, false)",
            [tenant, student, phone],
        )

    return add


@pytest.fixture
def purge(academy):
    def run(*students):
        people = [Person(one, "김하나", PHONE, None) for one in students]
        with unit_of_work(academy.db.database, "hangang", Cause.start(), source="messaging") as uow:
            return erase_students(uow, people)

    return run


def test_who_refused_at_the_provider_is_known_to_each_academy_that_could_reach_them(academy, recipient):
    recipient(GONE)
    recipient(GONE, "other")
    for _ in range(2):
        upkeep.pull_opt_outs(academy.db.database, academy.clock.now(), provider=Account(), prints=PRINTS)
    rows = academy.all("SELECT tenant_id, fingerprint, scope, source, recipient FROM opt_out ORDER BY 1")
    assert rows == [(one, PRINTS.of(one, PHONE), "ad", "080", "0100****") for one in ("hangang", "other")]


def test_a_wider_refusal_is_not_narrowed(academy, recipient):
    recipient(GONE)
    academy.db.admin.execute(
        "INSERT INTO opt_out (tenant_id, fingerprint, scope, source) VALUES ('hangang', %s, 'all', 'staff')",
        [PRINTS.of("hangang", PHONE)],
    )
    upkeep.pull_opt_outs(academy.db.database, academy.clock.now(), provider=Account(), prints=PRINTS)
    assert academy.all("SELECT scope FROM opt_out") == [("all",)]


def test_the_account_s_balance_is_shown(academy):
    figures = Metrics(CollectorRegistry(), metrics.ALL)
    upkeep.watch_balance(academy.db.database, academy.clock.now(), provider=Account(), figures=figures)
    assert figures.registry.get_sample_value("academy_provider_balance") == 12345


def test_texts_and_numbers_go_30_days_after_the_end_and_the_ledger_stays(academy, provider):
    ended, waiting = academy.queue_many(2).ids
    academy.send()
    provider.ends(ended, "4000")
    academy.pass_time(minutes=10)
    academy.resolve()
    end = academy.clock.now()
    for days, left in ((29, {ended, waiting}), (31, {waiting})):
        upkeep.forget(academy.db.database, end + timedelta(days=days))
        assert {one for (one,) in academy.all("SELECT message_id FROM message_body")} == left
    assert academy.states() == {"DELIVERED": 1, "ACCEPTED": 1}


def test_what_waits_about_a_purged_student_is_cancelled_and_paid_back(academy, provider, purge):
    academy.queue(academy.wanted(0, students=(GONE,)), academy.wanted(1, students=(SIBLING,)))
    counts = purge(GONE)
    assert dict(counts) == {(GONE, "messages"): 1}
    assert academy.states() == {"CANCELLED:erased": 1, "QUEUED": 1}
    assert academy.money() == {"available": 999_980, "held": 20, "spent": 0}
    academy.send()
    assert [one.phone for one in provider.calls[0]] == ["01000000001"]
    assert academy.all("SELECT count(*) FROM message_body WHERE phone = %s", PHONE) == [(0,)]


def test_what_siblings_share_goes_with_the_last_of_them(academy, purge):
    academy.queue(academy.wanted(0, students=(GONE, SIBLING)))
    purge(GONE)
    assert academy.states() == {"QUEUED": 1}
    purge(SIBLING)
    assert academy.states() == {"CANCELLED:erased": 1}
    assert academy.all("SELECT recipient FROM message") == [(None,)]


def test_what_was_sent_stays_in_the_ledger_without_the_person(academy, provider, purge):
    (one,) = academy.queue(academy.wanted(0, students=(GONE,))).ids
    academy.send()
    purge(GONE)
    provider.ends(one, "4000")
    academy.pass_time(minutes=10)
    academy.resolve()
    assert academy.states() == {"DELIVERED": 1}
    assert academy.all("SELECT count(*) FROM message_body") == [(0,)]
    # nor is it sent once more when somebody asks for the same
    assert academy.queue(academy.wanted(0)).known == 1
