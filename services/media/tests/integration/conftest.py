"""The media API over an empty database and a bucket of a real S3 server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

import psycopg
import pytest
from eventkit.metrics import Metrics
from flask import Flask
from flask.testing import FlaskClient
from media.http import BLUEPRINTS
from media.metrics import ALL
from media.ports import Ports
from media.settings import Settings
from prometheus_client import CollectorRegistry
from servicekit.app import create_base_app
from servicekit.auth import Accounts, KeySet
from servicekit.multipart import R2Uploads
from servicekit.settings import load
from servicekit.sign_ins import SignIns
from servicekit.storage import R2Store, r2_client
from testkit.api import environment, signed_in
from testkit.database import TestDatabase
from testkit.plugin import Migrated
from testkit.servers import S3Server
from testkit.tokens import Issuer
from werkzeug.test import TestResponse

VIDEOS = "/api/v1/media/videos/"
MP4 = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"
Json = dict[str, Any]


@pytest.fixture
def database(migrated: Migrated) -> TestDatabase:
    """The service's own database, empty."""
    return migrated("media")


@pytest.fixture(scope="session")
def s3_client(s3_server: S3Server) -> Any:
    return r2_client(s3_server.endpoint, s3_server.access_key, s3_server.secret_key)


@pytest.fixture(scope="session")
def bucket(s3_client: Any) -> str:
    """Of this process; the server is shared with other processes of this run, keys never meet."""
    name = f"video-{uuid4().hex}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture
def objects(s3_client: Any, bucket: str) -> R2Store:
    return R2Store(s3_client, bucket)


@pytest.fixture
def uploads(s3_client: Any, bucket: str) -> R2Uploads:
    return R2Uploads(s3_client, bucket)


def make_app(database: TestDatabase, issuer: Issuer, objects: Any, uploads: Any) -> Flask:
    settings = load(Settings, environment(issuer, database.url))
    sign_ins = SignIns(settings.students_url, "none")
    ports = Ports(objects, uploads, settings.links, sign_ins, settings.limits)
    accounts = Accounts(KeySet(settings.account_jwks_url), lambda _who: True)
    return create_base_app(
        "media", settings, database.database, deps=ports, blueprints=BLUEPRINTS, accounts=accounts
    )


@pytest.fixture
def app(database: TestDatabase, issuer: Issuer, objects: R2Store, uploads: R2Uploads) -> Flask:
    """The API with all its routes."""
    return make_app(database, issuer, objects, uploads)


@pytest.fixture
def away(database: TestDatabase, issuer: Issuer, bucket: str) -> FlaskClient:
    """Signed in to the same API while the store does not answer."""
    nowhere = r2_client("http://127.0.0.1:9", "a", "b", attempts=1)
    return signed_in(make_app(database, issuer, R2Store(nowhere, bucket), R2Uploads(nowhere, bucket)), issuer)


@pytest.fixture
def figures() -> Metrics:
    return Metrics(CollectorRegistry(), ALL)


@dataclass
class Studio:
    """A signed-in staff member of one academy."""

    client: FlaskClient
    academy: TestDatabase
    tenant: str = "demo"

    # --- requests -------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        given = {} if body is None else {"json": body}
        return self.client.open(path, method=method, **given, **options)

    def get(self, path: str, **query: Any) -> Json:
        answer = self.client.get(path, query_string=query)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, status: int = 200) -> Json:
        answer = self.ask("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json if answer.data else {}

    def patch(self, video: str, **body: Any) -> Json:
        answer = self.ask("PATCH", f"{VIDEOS}{video}/", body)
        assert answer.status_code == 200, answer.text
        return answer.json

    def show(self, video: str) -> Json:
        return self.get(f"{VIDEOS}{video}/")

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and code of an error answer, whose detail is Korean."""
        answer = self.ask(method, path, body)
        assert answer.content_type == "application/problem+json", (method, path, body, answer.text)
        assert any("가" <= char <= "힣" for char in answer.json["detail"])
        return answer.status_code, answer.json["code"]

    # --- what is there --------------------------------------------------------------------------------

    def session(self, title: str = "1차시", lecture: str | None = None, deleted: bool = False) -> str:
        """A session that enrollment has told of."""
        session = str(uuid4())
        self.all(
            "INSERT INTO session_ref VALUES (%s, %s, %s, '수학', %s, 1, 1, %s)",
            self.tenant, session, lecture or str(uuid4()), title, deleted,
        )  # fmt: skip
        return session

    def new(self, session: str | None = None, **fields: Any) -> Json:
        """The body of a good init."""
        good = {
            "session": session or self.session(),
            "title": "1강",
            "filename": "1강.mp4",
            "size_bytes": 100,
        }
        return {**good, **fields}

    def begin(self, session: str | None = None, **fields: Any) -> Json:
        return self.post(f"{VIDEOS}upload/init/", self.new(session, **fields), 201)

    def uploaded(self, session: str | None = None, content: bytes = MP4, **fields: Any) -> str:
        """A video whose file is completely uploaded; its id."""
        begun = self.begin(session, size_bytes=len(content), **fields)
        put(begun["upload_url"], content, begun["content_type"])
        return str(self.post(f"{VIDEOS}{begun['video']['id']}/upload/complete/")["id"])

    def ready(self, session: str | None = None, **columns: Any) -> str:
        """A video that plays, as the encoder leaves it; `columns` of its row changed."""
        video = self.uploaded(session)
        self.all("UPDATE encode_job SET state = 'SUCCEEDED', ended_at = now() WHERE video_id = %s", video)
        known = {
            "status": "READY",
            "ready_at": "now",
            "raw_expires_at": "2100-01-01Z",
            "hls_bytes": 7,
            **columns,
        }
        self.set(video, **known)
        return video

    def set(self, video: str, **columns: Any) -> None:
        given = ", ".join(f"{name} = %s" for name in columns)
        self.all(f"UPDATE video SET {given} WHERE id = %s", *columns.values(), video)

    def row(self, video: str) -> Json:
        [found] = self.all("SELECT * FROM video WHERE id = %s", video)
        return found

    def told(self, type: str) -> list[Json]:
        """The data of this type's events so far, each once, of every academy."""
        found = self.all(
            "SELECT min(body) AS body FROM outbox WHERE type = %s GROUP BY id ORDER BY min(seq)", type
        )
        return [json.loads(row["body"])["data"] for row in found]

    def jobs(self, video: str) -> list[str]:
        found = self.all("SELECT state FROM encode_job WHERE video_id = %s ORDER BY created_at", video)
        return [row["state"] for row in found]

    def state(self) -> Json:
        """Every row that a refused request must leave as it was."""
        tables = ("video", "upload", "encode_job", "outbox", "tenant_setting")
        return {table: self.all(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    def all(self, query: str, *values: Any) -> list[Json]:
        with self.academy.admin.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def check_refusals(self, table: list[tuple[tuple[str, str, Any], int, str]]) -> None:
        """Every request is refused with its status and code, and none of them changes or says anything."""
        before = self.state()
        wrong = {}
        for (method, path, body), status, code in table:
            got = self.refused(method, path, body)
            if got != (status, code):
                wrong[f"{method} {path} {str(body)[:200]}"] = (got, (status, code))
        assert not wrong
        assert self.state() == before


def put(url: str, body: bytes, content_type: str = "") -> None:
    """What a browser does; raises HTTPError."""
    try:
        urlopen(Request(url, body, {"Content-Type": content_type}, method="PUT")).close()
    except HTTPError as error:
        error.close()
        raise


@pytest.fixture(name="put")
def _put() -> Any:
    return put


@pytest.fixture
def studio_of(app: Flask, database: TestDatabase, issuer: Issuer) -> Any:
    """`studio_of("other", role="teacher", subject="u2")`: somebody else, elsewhere."""

    def make(tenant: str = "demo", role: str = "staff", subject: str = "user-1") -> Studio:
        return Studio(signed_in(app, issuer, tenant, [role], subject), database, tenant)

    return make


@pytest.fixture
def studio(studio_of: Any) -> Studio:
    return studio_of()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Files from 1 MiB on go in parts of 5 MiB, the smallest that stores take; a file of 3 such parts."""
    monkeypatch.setattr("media.domain.uploads.SINGLE_BELOW", 1 << 20)
    monkeypatch.setattr("media.domain.uploads.PART_BYTES", 5 << 20)
    return MP4 + bytes(range(256)) * (40 << 10) + b"the end"
