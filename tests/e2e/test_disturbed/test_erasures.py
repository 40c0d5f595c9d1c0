"""A purged student leaves nothing: no row, no message, no dead letter, no object, no line of a log."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from urllib.parse import quote, urlencode
from uuid import uuid4

import psutil
import psycopg
import pytest
from contracts.erasure import CONTEXTS
from eventkit.envelope import encode
from psycopg.types.json import Jsonb
from testkit.academy import SCHEMAS, Academy, patiently
from testkit.search import Search, dead_letter, dead_letters, wait_until_collected
from testkit.waiting import wait_until
from testkit.workbooks import HEADER, workbook

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]

STUDENTS = "/api/v1/students"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(2000)
WORDS = "가뭇없", "온데간", "자취감", "남은이"


class Desk(Academy):
    """The front desk of an academy, with everything that it can do to a student."""

    def call(self, method, path, body=None, *, content_type="application/json", **headers):
        """The answer's JSON. Raises urllib.error.HTTPError."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.stack.base_url + path, data, headers, method=method)
        request.add_header("Content-Type", content_type)
        if "Authorization" not in headers:
            request.add_header("Authorization", f"Bearer {self.stack.token(self.tenant)}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if "json" in answer.headers.get("Content-Type", "") else text

    def student(self, name):
        [found] = self.call("GET", f"{STUDENTS}/?{urlencode({'search': name})}")["results"]
        return found["id"]

    def detail(self, student_id):
        return self.call("GET", f"{STUDENTS}/{student_id}/")

    def put_photo(self, student_id):
        head = '--x\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\n'
        body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + JPEG + b"\r\n--x--\r\n"
        path = f"{STUDENTS}/{student_id}/photo/"
        return self.call("PUT", path, body, content_type="multipart/form-data; boundary=x")

    def stored(self, kind):
        """Names of the academy's objects of a kind, without their prefix."""
        prefix = f"{kind}/{self.tenant}/"
        listed = self.stack.endpoints.r2().list_objects_v2(Bucket="academy-storage", Prefix=prefix)
        return {found["Key"].removeprefix(prefix) for found in listed.get("Contents", ())}

    def ledger(self):
        """The academy's ledger of erasures as one text."""
        r2, keys = self.stack.endpoints.r2(), self.stored("erasures")
        bodies = (
            r2.get_object(Bucket="academy-storage", Key=f"erasures/{self.tenant}/{key}") for key in keys
        )
        return "".join(body["Body"].read().decode() for body in bodies)

    def purge(self, *student_ids):
        """Trash, then gone for good."""
        ids = {"ids": list(student_ids)}
        assert self.call("POST", f"{STUDENTS}/bulk_delete/", ids)["deleted"] == len(student_ids)
        done = self.call("POST", f"{STUDENTS}/bulk_permanent_delete/", ids)
        assert (done["deleted"], done["skipped"]) == (len(student_ids), [])

    def certificate(self, student_id):
        return patiently(lambda: self.api.get(f"{STUDENTS}/erasures/{student_id}/"))

    def wait_for_certificate(self, student_id):
        wait_until(lambda: self.certificate(student_id)["complete"], 240, interval=0.5)
        return self.certificate(student_id)


@pytest.fixture
def desk(own_stack):
    return Desk(own_stack, f"t-{uuid4().hex[:12]}")


def numbers(count):
    """Phone numbers that nothing else has, as they are stored."""
    start = uuid4().int % 10**6
    return [f"010{4000 + at:04d}{(start * 10 + at) % 10**4:04d}" for at in range(count)]


def grouped(phone):
    return f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"


def spellings(text):
    """As typed, as stored, in a URL, and as JSON escapes it."""
    plain = {text, quote(text), json.dumps(text)[1:-1], text.encode().hex()}
    return plain | ({grouped(text)} if text.isdigit() else set())


def roster_event(make_event, tenant, *rows):
    """A chunk as enrollment would send it."""
    names = ("name", "parent_phone", "student_phone")
    optional = ("school", "school_type", "grade", "gender", "school_class", "major", "memo")
    columns = {name: [row.get(name) for row in rows] for name in (*names, *optional)}
    data = {
        "job_id": str(uuid4()),
        "chunk": 0,
        "dry_run": False,
        "initial_password_hash": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA",
        "rows": {"row": list(range(2, 2 + len(rows))), **columns},
    }
    return make_event("enrollment.roster.parsed", tenant, data)


class Family:
    """Three who go: one without relatives, one with a sibling who stays, one whom staff wrote down."""

    def __init__(self):
        suffix = "".join(chr(0xAC00 + byte * 40) for byte in uuid4().bytes[:3])
        self.lone, self.brother, self.written, self.stays = (word + suffix for word in WORDS)
        kinds = ("lone", "lone_own", "lone_new", "family", "brother", "written", "written_own")
        self.phones = dict(zip(kinds, numbers(len(kinds)), strict=True))

    def roster(self):
        p = self.phones
        return [
            HEADER,
            (self.lone, grouped(p["lone"]), grouped(p["lone_own"]), "서울고", "2", "여", f"{self.lone} 메모"),
            (self.brother, grouped(p["family"]), grouped(p["brother"]), "", "", "", ""),
            (self.stays, grouped(p["family"]), "", "한빛고등학교", "1", "", "남는 사람"),
            (self.lone, "전화 없음", "", "", "", "", ""),
            (self.lone, p["lone"], "", "", "", "", ""),
        ]

    def words(self):
        """Everything that nobody else of the academy has: the family's number is the sibling's too."""
        names = (self.lone, self.brother, self.written)
        phones = [phone for kind, phone in self.phones.items() if kind != "family"]
        return sorted({spelling for text in (*names, *phones) for spelling in spellings(text)})


def fill(desk, family, tmp_path, make_event):
    """Do everything to these people that the system can do by now; their ids by name."""
    p, lecture = family.phones, desk.lecture("중2 수학")
    session = desk.call("POST", "/api/v1/lectures/sessions/", {"lecture": lecture, "title": "1차시"})["id"]
    sheet = workbook(tmp_path / f"{family.lone}.xlsx", {"명단": family.roster()})
    status = desk.run(lecture, sheet, session_id=session)
    assert (status["result"]["enrolled_count"], status["result"]["failed_count"]) == (3, 1), status
    wait_until(lambda: desk.status(status["job_id"])["workbook"], 60, interval=0.2)
    desk.settle()
    leftover = f"excel/{desk.tenant}/{status['job_id']}.xlsx"  # of a worker that died at the wrong moment
    desk.stack.endpoints.r2().put_object(Bucket="academy-excel", Key=leftover, Body=sheet.read_bytes())
    made = desk.call(
        "POST", f"{STUDENTS}/", written_by_staff(family), **{"Idempotency-Key": f"k-{uuid4().hex}"}
    )
    ids = {name: desk.student(name) for name in (family.lone, family.brother, family.stays)}
    ids[family.written] = made["id"]
    lone, tag = ids[family.lone], desk.call("POST", f"{STUDENTS}/tags/", {"name": "관리"})["id"]
    listed = desk.call("GET", f"/api/v1/lectures/attendance/?session={session}")["results"]
    for one in listed:
        memo = {"status": "LATE", "memo": f"{one['student_name']} 늦음"}
        desk.call("PATCH", f"/api/v1/lectures/attendance/{one['id']}/", memo)
    for student_id in ids.values():
        desk.call("POST", f"{STUDENTS}/{student_id}/add_tag/", {"tag_id": tag})
        desk.put_photo(student_id)
    desk.call("PATCH", f"{STUDENTS}/{lone}/", {"student_phone": p["lone_new"], "memo": f"{family.lone} 상담"})
    sign_up_and_in(desk, family)
    for text in (family.lone, p["lone"], grouped(p["lone_new"])):
        desk.call("GET", f"{STUDENTS}/?{urlencode({'search': text})}")
    assert family.lone in desk.call("GET", f"{STUDENTS}/export/").decode("utf-8-sig")
    desk.settle()
    leave_dead_letters(desk, family, ids, make_event)
    return ids


def written_by_staff(family):
    name, p = family.written, family.phones
    return {
        "name": name,
        "parent_phone": p["written"],
        "student_phone": p["written_own"],
        "initial_password": "spring-2026",
        "address": f"서울시 {name}로 1",
        "memo": f"{name} 어머니 {grouped(p['written'])}",
        "custom_fields": {"비고": f"{name} 비고"},
    }


def sign_up_and_in(desk, family):
    """The lone student asks twice to be registered, and signs in with a wrong and the right password."""
    p, public = family.phones, {"Authorization": ""}
    form = {
        "academy": desk.tenant,
        "name": family.lone,
        "parent_phone": p["lone"],
        "student_phone": p["lone_own"],
        "password": "spring-2027",
        "consent": True,
        "memo": f"{family.lone} 신청",
    }
    desk.call("POST", f"{STUDENTS}/registration_requests/", form, **public)
    [asked] = desk.call("GET", f"{STUDENTS}/registration_requests/")["results"]
    reason = {"reason": f"{family.lone} 이미 등록"}
    desk.call("POST", f"{STUDENTS}/registration_requests/{asked['id']}/reject/", reason)
    desk.call("POST", f"{STUDENTS}/registration_requests/", form, **public)
    login = {"academy": desk.tenant, "login_id": p["lone_own"]}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        desk.call("POST", f"{STUDENTS}/token/", {**login, "password": "wrong-2026"}, **public)
    changed = {**login, "password": "spring-2026", "new_password": "autumn-2026"}
    desk.call("POST", f"{STUDENTS}/token/password/", changed, **public)


def leave_dead_letters(desk, family, ids, make_event):
    """A roster, a change of the student, and a text that is no event, each where it would have died."""
    p, stack = family.phones, desk.stack
    stays = {"name": family.stays, "parent_phone": p["family"]}
    gone = {"name": family.lone, "parent_phone": p["lone"], "student_phone": p["lone_own"]}
    dead_letter(stack, "students", encode(roster_event(make_event, desk.tenant, gone, stays)))
    people = (family.lone, family.stays)
    columns = {
        "student_id": [ids[name] for name in people],
        "version": [1, 1],
        "name": list(people),
        "parent_phone": [p["lone"], p["family"]],
        "student_phone": [p["lone_own"], None],
        "school": [None, None],
        "grade": [None, None],
        "deleted": [False, False],
    }
    changed = make_event("students.student.changed", desk.tenant, {"students": columns})
    for service in ("enrollment", "messaging"):
        dead_letter(stack, service, encode(changed))
    dead_letter(stack, "media", f'no event: {family.lone} {grouped(p["lone"])} "{desk.tenant}"')
    wait_until_collected(stack)


def namesake(stack, family, tmp_path, make_event):
    """Another academy with a student of the same name and numbers, and its own dead letter."""
    other = Desk(stack, f"t-{uuid4().hex[:12]}")
    p = family.phones
    row = (family.lone, grouped(p["lone"]), grouped(p["lone_own"]), "", "", "", "")
    other.run(other.lecture("다른 학원"), workbook(tmp_path / "other.xlsx", {"명단": [HEADER, row]}))
    other.settle()
    gone = {"name": family.lone, "parent_phone": p["lone"], "student_phone": p["lone_own"]}
    dead_letter(stack, "students", encode(roster_event(make_event, other.tenant, gone)))
    return other


def counts(certificate):
    return {receipt["service"]: receipt["counts"] for receipt in certificate["receipts"]}


def test_nothing_of_a_purged_student_is_left_anywhere(own_stack, desk, tmp_path, make_event):
    family = Family()
    other = namesake(own_stack, family, tmp_path, make_event)
    ids = fill(desk, family, tmp_path, make_event)
    gone = [ids[name] for name in (family.lone, family.brother, family.written)]
    search, words = Search(own_stack, but=other.tenant), family.words()
    before = {place for place, _ in search.places([*words, "worker started"])}
    assert {"students.student", "enrollment.student_ref", "messaging.recipient", "students.outbox"} <= before
    letters = {place.removesuffix(".dead_letter") for place in before if place.endswith(".dead_letter")}
    assert letters == set(SCHEMAS) - {"storage_janitor"}
    uploads, workbooks = (f"academy-excel/{kind}/{desk.tenant}/" for kind in ("excel", "exports"))
    assert all(any(place.startswith(folder) for place in before) for folder in (uploads, workbooks))
    assert "students-worker.log" in before
    others = other.contents(), dead_letters_of(own_stack, other.tenant)
    sibling = desk.detail(ids[family.stays])

    desk.purge(*gone)
    certificates = {student_id: desk.wait_for_certificate(student_id) for student_id in gone}
    desk.settle()

    assert search.places(words) == []
    assert desk.stored("photos") == {ids[family.stays]}
    assert all(student_id in desk.ledger() for student_id in gone)
    for certificate in certificates.values():
        assert [receipt["service"] for receipt in certificate["receipts"]] == list(CONTEXTS)
        assert all(receipt["received_at"] for receipt in certificate["receipts"])
    of_lone = counts(certificates[ids[family.lone]])
    here = {"students": 1, "photos": 1, "registration_requests": 2, "dead_letters": 1}
    assert here.items() <= of_lone["students"].items()
    assert {"enrollments": 1, "attendance": 1}.items() <= of_lone["enrollment"].items()
    assert of_lone["messaging"]["recipients"] == 1
    assert of_lone["media"]["enrollments"] == 1
    trail = desk.call("GET", f"{STUDENTS}/audit/?student_id={ids[family.lone]}")["results"]
    assert {"created", "updated", "deleted", "purged", "erased"} <= {line["action"] for line in trail}
    assert {line["pseudonym"] for line in trail} == {certificates[ids[family.lone]]["pseudonym"]}

    now = desk.detail(ids[family.stays])
    assert now["parent"].pop("name") == f"{family.stays} 학부모"
    sibling["parent"].pop("name")
    assert untimed(now) == untimed(sibling) | {"siblings": []}
    assert (other.contents(), dead_letters_of(own_stack, other.tenant)) == others
    assert others[1]
    assert family.stays in json.dumps(dead_letters(own_stack, "students"), ensure_ascii=False)


def untimed(detail):
    """A link is signed anew on each read."""
    return {name: value for name, value in detail.items() if name != "photo_url"}


def dead_letters_of(stack, tenant):
    return [letter for letter in dead_letters(stack, "students") if letter.get("tenantid") == tenant]


@pytest.mark.parametrize(
    "parts",
    [
        ["students-worker"],
        ["enrollment-worker", "media-worker"],
        ["messaging-worker", "storage-janitor-worker"],
        ["postgres"],
        ["sqs"],
        ["s3"],
    ],
    ids="+".join,
)
def test_an_erasure_survives_kill_9_and_completes_once(own_stack, desk, tmp_path, parts):
    family = Family()
    done = desk.run(desk.lecture("중2 수학"), workbook(tmp_path / "명단.xlsx", {"명단": family.roster()}))
    assert done["status"] == "DONE"
    desk.settle()
    lone = desk.student(family.lone)
    desk.purge(lone)
    for part in parts:
        own_stack.kill(part)
    certificate = desk.wait_for_certificate(lone)
    desk.settle(timeout=240)
    assert counts(certificate)["enrollment"]["enrollments"] == 1
    assert counts(certificate)["messaging"]["recipients"] == 1
    assert desk.query("SELECT count(*) FROM students.erasure_receipt WHERE tenant_id = %(tenant)s") == [
        (len(CONTEXTS),)
    ]
    erased = desk.call("GET", f"{STUDENTS}/audit/?action=erased")["results"]
    assert len(erased) == 1
    assert desk.certificate(lone) == certificate
    p = family.phones
    words = sorted({s for text in (family.lone, p["lone"], p["lone_own"]) for s in spellings(text)})
    assert Search(own_stack).places(words) == []


class Backup:
    """One academy's rows of all five schemas, as they were."""

    def __init__(self, desk):
        self._desk = desk
        self.made_at = datetime.now(UTC)
        columns = desk.query(
            "SELECT format('%%I.%%I', table_schema, table_name), string_agg(quote_ident(column_name), ', ')"
            f" FROM information_schema.columns WHERE table_schema IN {SCHEMAS} AND is_generated = 'NEVER'"
            " GROUP BY 1 HAVING bool_or(column_name = 'tenant_id')"
        )
        self._columns = dict(columns)
        self._rows = {
            table: [
                row
                for (row,) in desk.query(f"SELECT to_jsonb(t) FROM {table} t WHERE tenant_id = %(tenant)s")
            ]
            for table in self._columns
        }

    def restore(self):
        """In any order: a restore does not check links either."""
        with psycopg.connect(self._desk.stack.admin_url) as conn:
            conn.execute("SET session_replication_role = replica")
            for table, columns in self._columns.items():
                conn.execute(f"DELETE FROM {table} WHERE tenant_id = %s".encode(), [self._desk.tenant])
                source = f"SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s)"
                insert = f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE {source}".encode()
                for row in self._rows[table]:
                    conn.execute(insert, [Jsonb(row)])


def test_a_restored_database_is_purged_again(own_stack, desk, tmp_path, make_event):
    family = Family()
    done = desk.run(desk.lecture("중2 수학"), workbook(tmp_path / "명단.xlsx", {"명단": family.roster()}))
    assert done["status"] == "DONE"
    desk.settle()
    lone = desk.student(family.lone)
    backup = Backup(desk)
    later = desk.call("POST", f"{STUDENTS}/", written_by_staff(family))["id"]
    desk.purge(lone, later)
    before = [desk.wait_for_certificate(student_id) for student_id in (lone, later)]
    desk.settle()
    backup.restore()
    assert desk.student(family.lone) == lone

    command = [sys.executable, "-m", "students", "replay-erasures", "--tenant", desk.tenant]
    environment = psutil.Process(own_stack.pid("students-worker")).environ()
    for _ in range(2):
        ended = subprocess.run(
            [*command, "--since", backup.made_at.isoformat()],
            env=environment, capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        assert desk.wait_for_certificate(lone)["reason"] == "replayed"
        again = desk.wait_for_certificate(later)
        desk.settle()
    assert ended.stdout == f"{desk.tenant}: 0 were back and are purged, 2 sent again, 0 refused\n"
    assert (again["reason"], again["requested_at"]) == (before[1]["reason"], before[1]["requested_at"])
    p = family.phones
    people = (family.lone, p["lone"], p["lone_own"], family.written, p["written"], p["written_own"])
    words = sorted({spelling for text in people for spelling in spellings(text)})
    assert Search(own_stack).places(words) == []
    assert desk.student(family.stays)
