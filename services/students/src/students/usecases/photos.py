"""A student's photo: one object in storage, and its content type in the record."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from eventkit.uow import UnitOfWork
from servicekit.problem import Problem
from servicekit.storage import ObjectStore

from students.domain.audit import Action, Actor
from students.domain.records import PHOTO_HEAD, photo_key, photo_type
from students.store import students as store
from students.usecases import audit
from students.usecases.changing import active


def put_photo(uow: UnitOfWork, by: Actor, objects: ObjectStore, student_id: UUID, path: Path) -> None:
    """Store the image at `path` as the student's photo, in place of the one before.

    The row stays locked meanwhile: a purge waits, and then finds the object. Raises Problem 404, 409
    student_deleted, 415 unsupported_photo; TransientError while storage is away.
    """
    active(uow, student_id)
    with path.open("rb") as file:
        content_type = photo_type(file.read(PHOTO_HEAD))
    if content_type is None:
        raise Problem("unsupported_photo", "JPEG, PNG, WebP 사진만 올릴 수 있습니다.", status=415)
    objects.put_file(photo_key(uow.tenant, student_id), path, content_type)
    _store(uow, by, student_id, content_type)


def remove_photo(uow: UnitOfWork, by: Actor, objects: ObjectStore, student_id: UUID) -> None:
    """Remove object and type; without a photo nothing happens.

    Raises Problem 404, 409 student_deleted; TransientError while storage is away.
    """
    present = active(uow, student_id)
    objects.delete([photo_key(uow.tenant, student_id)])
    if present.photo_type is not None:
        _store(uow, by, student_id, None)


def _store(uow: UnitOfWork, by: Actor, student_id: UUID, content_type: str | None) -> None:
    """No new version: the fields of the record are what they were."""
    store.update_student(uow.conn, uow.tenant, student_id, {"photo_type": content_type}, version=False)
    audit.record(uow, by, Action.UPDATED, [student_id], {"fields": ["photo"]})
