"""The result workbook: the sender's own sheet with what became of every row, made when an import ends."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from eventkit.ids import new_id
from eventkit.metrics import Metrics
from eventkit.uow import UnitOfWork
from servicekit.storage import ObjectMissingError, ObjectStore

from enrollment.domain.exports import LIFETIME, WORDS, ExportKind, file_name, object_key
from enrollment.domain.results import told
from enrollment.domain.roster import SheetError
from enrollment.ports import Annotate
from enrollment.store import exports, imports
from enrollment.usecases.exports import XLSX, import_revision

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EndingPorts:
    """What is needed when an import has ended."""

    objects: ObjectStore
    annotate: Annotate
    metrics: Metrics


def keep_result(uow: UnitOfWork, ports: EndingPorts, job_id: UUID, upload_key: str) -> None:
    """Store the workbook of an ended import for 24 hours, in place of an earlier one of the same import.

    Its source is the upload, or where that is gone the earlier workbook or the plan's. An import whose
    sheet cannot be given back has none. Raises TransientError while storage is away.
    """
    job = imports.job_now(uow.conn, job_id)
    if job is None or not job.rows_total:
        return
    earlier = exports.live_workbook(uow.conn, uow.tenant, job_id)
    plans = exports.live_workbook(uow.conn, uow.tenant, job.plan_id) if job.plan_id else None
    with TemporaryDirectory(prefix="result-") as folder:
        source, target = Path(folder) / "source.xlsx", Path(folder) / "result.xlsx"
        try:
            keys = [upload_key, *(workbook.object_key for workbook in (earlier, plans) if workbook)]
            _fetch(ports.objects, keys, source)
            words = (
                (row, told(*end, planned=job.dry_run))
                for row, _, _, *end in exports.result_rows(uow.conn, job_id)
            )
            ports.annotate(source, target, words)
        except (ObjectMissingError, SheetError) as error:
            log.warning("no result workbook", extra={"job_id": str(job_id), "error": type(error).__name__})
            return
        _keep(uow, ports, job, target)
    if earlier is not None:
        exports.forget_objects(uow.conn, [earlier.id])
        ports.objects.delete([earlier.object_key])


def _fetch(objects: ObjectStore, keys: list[str], path: Path) -> None:
    """The first that is there. Raises ObjectMissingError."""
    for key in keys:
        try:
            objects.download_to(key, path)
        except ObjectMissingError:
            continue
        return
    raise ObjectMissingError


def _keep(uow: UnitOfWork, ports: EndingPorts, job: imports.Job, path: Path) -> None:
    export = exports.NewExport(
        id=new_id(),
        kind=ExportKind.RESULT_WORKBOOK,
        target_id=job.id,
        # of its own: an earlier one is replaced, whatever its content
        revision=f"{import_revision(job)}.{new_id()}",
        file_name=file_name(WORDS[ExportKind.RESULT_WORKBOOK], Path(job.file_name).stem),
        requested_by=job.requested_by,
        correlation_id=job.correlation_id,
    )
    key = object_key(uow.tenant, export.id, export.file_name)
    exports.add(uow.conn, uow.tenant, export)
    exports.begin(uow.conn, export.id)
    ports.objects.put_file(key, path, XLSX)
    size = path.stat().st_size
    exports.finish(uow.conn, export.id, object_key=key, rows=job.rows_total, size=size, lifetime=LIFETIME)
