"""PUT and DELETE /api/v1/students/<id>/photo/."""

import io
from uuid import uuid4

import pytest

LIST = "/api/v1/students/"
JPEG = b"\xff\xd8\xff\xe0" + b"j" * 100
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 100
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 " + b"w" * 100
LIMIT = 2 << 20


@pytest.fixture
def put(client):
    def send(student_id, content=JPEG, by=client, field="file", name="사진.jpg"):
        return by.put(f"{LIST}{student_id}/photo/", data={field: (io.BytesIO(content), name)})

    return send


@pytest.mark.parametrize(
    ("content", "content_type", "suffix"),
    [(JPEG, "image/jpeg", ".jpg"), (PNG, "image/png", ".png"), (WEBP, "image/webp", ".webp")],
)
def test_a_photo_is_stored_and_linked_for_ten_minutes(create, objects, put, content, content_type, suffix):
    made = create()
    found = put(made["id"], content, name="x.exe").get_json()
    key = f"photos/demo/{made['id']}"
    assert (objects.content, objects.types) == ({key: content}, {key: content_type})
    assert found["photo_url"] == f"https://storage.test/{key}?seconds=600&name=photo{suffix}"
    assert found["version"] == 1


def test_a_photo_replaces_the_one_before_and_can_be_removed(client, create, objects, put, trail):
    made = create()
    put(made["id"], JPEG)
    put(made["id"], PNG)
    assert list(objects.content.values()) == [PNG]
    for _ in range(2):
        assert client.delete(f"{LIST}{made['id']}/photo/").status_code == 204
    assert objects.content == {}
    assert client.get(f"{LIST}{made['id']}/").get_json()["photo_url"] is None
    assert [details for _, _, details in trail("updated")] == [{"fields": ["photo"]}] * 3


@pytest.mark.parametrize(
    "content", [b"GIF89a" + b"x" * 50, b"<svg onload=alert(1)>", b"\xff\xd8", b"RIFF....WAVE", b"%PDF-1.7"]
)
def test_anything_else_is_no_photo(academy, create, objects, put, content):
    made = create()
    answer = put(made["id"], content, name="photo.jpg")
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported_photo")
    assert objects.content == {}
    assert academy.all("SELECT photo_type FROM student") == [(None,)]


def test_broken_uploads(client, create, objects, put):
    made = create()
    path = f"{LIST}{made['id']}/photo/"
    assert put(made["id"], b"").status_code == 422
    assert put(made["id"], field="photo").status_code == 422
    assert put(made["id"], JPEG + b"x" * (LIMIT - len(JPEG))).status_code == 200
    assert put(made["id"], JPEG + b"x" * LIMIT).status_code == 413
    assert client.put(path, json={"file": "x"}).status_code == 415
    assert client.put(path, data=JPEG, content_type="image/jpeg").status_code == 415
    two = [(io.BytesIO(JPEG), "a.jpg"), (io.BytesIO(JPEG), "b.jpg")]
    assert client.put(path, data={"file": two}).status_code == 422


def test_nobody_s_photo(academy, client, create, objects, put, stranger):
    made = create()
    assert put(uuid4()).status_code == 404
    assert put(made["id"], by=stranger).status_code == 404
    assert stranger.delete(f"{LIST}{made['id']}/photo/").status_code == 404
    academy.delete(made["id"])
    assert put(made["id"]).get_json()["code"] == "student_deleted"
    assert client.delete(f"{LIST}{made['id']}/photo/").status_code == 409
    assert objects.content == {}


def test_while_storage_is_away_nothing_changes(academy, client, create, objects, put):
    made = create()
    put(made["id"], JPEG)
    before = academy.contents()
    objects.away = True
    for answer in (put(made["id"], PNG), client.delete(f"{LIST}{made['id']}/photo/")):
        assert (answer.status_code, answer.get_json()["code"]) == (503, "unavailable")
    assert academy.contents() == before
