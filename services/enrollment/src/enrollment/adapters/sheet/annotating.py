"""Runs the sandboxed child that gives the sender's sheet back; the parent never parses a byte of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import orjson

from enrollment.adapters.sheet.limits import MEBIBYTE, SheetLimits
from enrollment.adapters.sheet.reading import Patience, sandboxed
from enrollment.domain.results import Told
from enrollment.domain.roster import SheetError

_MODULE = "enrollment.adapters.sheet.annotator"
_LARGEST = 200 * MEBIBYTE
_PIECE = 256 * 1024


def annotate(
    source: Path,
    target: Path,
    told: Iterable[tuple[int, Told]],
    *,
    only_told: bool = False,
    limits: SheetLimits | None = None,
) -> None:
    """Write the roster sheet of `source` to `target` with RESULT_COLUMNS at its right (`told`: row, cells).

    A workbook of this one sheet: the sender's order, styles, widths and merged cells; phone numbers as text;
    no formulas, links, macros or other sheets. `only_told`: the rows up to the header and those of `told`.
    Raises SheetError workbook_unavailable for a file that cannot be given back.
    """
    limits = limits or SheetLimits()
    with tempfile.TemporaryFile() as words:
        for row, cells in told:
            words.write(orjson.dumps([row, *cells]) + b"\n")
        words.seek(0)
        arguments = (str(words.fileno()), "only_told" if only_told else "all")
        with sandboxed(_MODULE, source, limits, *arguments, also=(words.fileno(),)) as child:
            patience, size = Patience(child, limits.wall_seconds), 0
            with target.open("wb") as file:
                while piece := patience.some(_PIECE):
                    size += len(piece)
                    if size > _LARGEST:
                        raise _unavailable()
                    file.write(piece)
            if child.wait() != 0:
                raise _unavailable()


def _unavailable() -> SheetError:
    return SheetError("workbook_unavailable", "올린 파일의 모양 그대로 결과를 만들 수 없습니다.")
