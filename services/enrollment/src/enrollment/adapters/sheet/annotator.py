"""The sandboxed child that writes the sender's sheet back: a workbook from standard input, one to its output.

Arguments: limits, the descriptor of the words ([row, 결과, 사유, 조치] a line), and "only_told" or "all".
What comes out is made anew, part by part, so nothing of the file that can act comes along.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterable
from itertools import chain
from typing import IO, BinaryIO

import orjson

from enrollment.adapters.sheet.archive import Archive
from enrollment.adapters.sheet.bounded import read_bounded
from enrollment.adapters.sheet.child import choose_part, inspect, restrict
from enrollment.adapters.sheet.limits import SheetLimits
from enrollment.adapters.sheet.rewriting import Rewriter, escaped
from enrollment.adapters.sheet.sniffing import check
from enrollment.adapters.sheet.workbook import SheetPart, Workbook, sliced
from enrollment.domain.results import RESULT_COLUMNS, Told
from enrollment.domain.roster import Layout

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_NO_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="1"><xf/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
# from a workbook of the strict kind they would not fit into one of the usual kind
_STRICT = b"purl.oclc.org"


def main() -> None:
    limits = SheetLimits(**orjson.loads(sys.argv[1]))
    words, only_told = int(sys.argv[2]), sys.argv[3] == "only_told"
    restrict(limits)
    with open(words, "rb") as lines:
        told = {row: Told(*cells) for row, *cells in map(orjson.loads, lines)}
    with open(sys.stdin.fileno(), "rb", closefd=False) as file:
        rewrite(file, sys.stdout.buffer, told, limits, only_told=only_told)
    sys.stdout.buffer.flush()


def rewrite(
    file: BinaryIO, out: BinaryIO, told: dict[int, Told], limits: SheetLimits, *, only_told: bool
) -> None:
    """Raises SheetError for a file that is no roster."""
    archive = check(file, limits)
    for name in archive.members:
        inspect(archive, name)
    workbook = Workbook(archive, limits)
    part, layout = choose_part(archive, workbook, limits)
    styles = _styles(archive, workbook.styles)
    rewriter = Rewriter(
        workbook,
        limits,
        layout,
        told,
        first_column=_first_column(archive, workbook, part, layout, limits),
        only_told=only_told,
        styled=styles is not None,
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as package:
        for name, text in _frame(part.name).items():
            package.writestr(name, _HEAD + text)
        package.writestr("xl/styles.xml", styles or _HEAD + _NO_STYLES)
        with package.open("xl/worksheets/sheet1.xml", "w") as sheet:
            _rewrite_sheet(rewriter, sliced(archive.inflate(part.member)), sheet)


def _rewrite_sheet(rewriter: Rewriter, pieces: Iterable[bytes], sheet: IO[bytes]) -> None:
    sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}">'.encode())
    for piece in chain(pieces, [b""]):
        rewriter.stream.feed(piece, last=not piece)
        sheet.write(rewriter.take_xml())
    sheet.write(b"</worksheet>")


def _styles(archive: Archive, name: str | None) -> bytes | None:
    """The styles, if there are any that fit."""
    if name is None or not archive.has(name):
        return None
    content = b"".join(archive.inflate(name))
    return None if _STRICT in content[:4096] or b"cellXfs" not in content else content


def _first_column(
    archive: Archive, workbook: Workbook, part: SheetPart, layout: Layout, limits: SheetLimits
) -> int:
    """Where the results go: where they are from an earlier time, else right of all that is there."""
    titles = {column: "".join(label.split()) for column, label in layout.labels.items()}
    for column in titles:
        if tuple(titles.get(column + n) for n in range(len(RESULT_COLUMNS))) == RESULT_COLUMNS:
            return column
    return max(len(cells) for _, cells in read_bounded(archive, workbook, part.member, limits))


def _frame(sheet_name: str) -> dict[str, str]:
    """The parts around the sheet, by name."""
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPES}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{escaped(sheet_name)}" sheetId="1" r:id="rId1"/></sheets></workbook>',
    }


if __name__ == "__main__":
    main()
