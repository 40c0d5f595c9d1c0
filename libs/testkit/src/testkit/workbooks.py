"""Workbooks for tests and benchmarks: honest rosters of several writers, and hostile raw OOXML."""

from __future__ import annotations

import random
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

import openpyxl
import pyexcelerate
import xlsxwriter

Writer = Literal["openpyxl", "xlsxwriter", "pyexcelerate"]
WRITERS: tuple[Writer, ...] = ("openpyxl", "xlsxwriter", "pyexcelerate")
Row = Sequence[Any]

HEADER = ("이름", "학부모전화", "학생전화", "학교", "학년", "성별", "메모")
_FAMILY = "김이박최정강조윤장임한오서신권황안송전홍"
_GIVEN = "가나다라민서도윤하준지우은채원수현예린시아유진호영재승태경"
_SCHOOLS = ("서울고", "고양중학교", "한빛고등학교", "가람중", "새봄초등학교")
_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def roster_rows(rows: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """`rows` different students under HEADER, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - the same rows for the same seed
    for index in range(rows):
        name = chance.choice(_FAMILY) + chance.choice(_GIVEN) + chance.choice(_GIVEN)
        # the index in the number keeps every identity different
        phone = f"010-{2000 + index // 10000:04d}-{index % 10000:04d}"
        student = f"010-{chance.randrange(3000, 9999)}-{chance.randrange(10000):04d}"
        grade = str(chance.randrange(1, 4))
        yield (name, phone, student, chance.choice(_SCHOOLS), grade, chance.choice("남여"), "")


def roster_workbook(path: str | Path, rows: int, seed: int = 1, writer: Writer = "openpyxl") -> Path:
    """A plain roster of `rows` different students, header in row 1."""
    return workbook(path, {"명단": (HEADER, *roster_rows(rows, seed))}, writer)


def workbook(path: str | Path, sheets: Mapping[str, Iterable[Row]], writer: Writer = "openpyxl") -> Path:
    """A workbook of these rows by sheet name. pyexcelerate writes dates as bare numbers."""
    path = Path(path)
    if writer == "openpyxl":
        book = openpyxl.Workbook(write_only=True)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(list(row))
        book.save(path)
    elif writer == "xlsxwriter":
        with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as written:
            for name, rows in sheets.items():
                target = written.add_worksheet(name)
                for number, row in enumerate(rows):
                    target.write_row(number, 0, row)
    else:
        other = pyexcelerate.Workbook()
        for name, rows in sheets.items():
            other.new_sheet(name, data=[list(row) for row in rows])
        other.save(str(path))
    return path


# --- raw OOXML ------------------------------------------------------------------------------------


def cell(reference: str, value: Any = None, *, kind: str | None = None, inner: str | None = None) -> str:
    """One `<c>` element: text inline, numbers and booleans as such; `inner` is raw XML."""
    if inner is None:
        if value is None:
            inner = ""
        elif isinstance(value, bool):
            kind, inner = "b", f"<v>{int(value)}</v>"
        elif isinstance(value, int | float):
            inner = f"<v>{value}</v>"
        else:
            kind, inner = "inlineStr", f"<is><t>{escape(str(value))}</t></is>"
    kind_attribute = f" t={quoteattr(kind)}" if kind else ""
    return f"<c r={quoteattr(reference)}{kind_attribute}>{inner}</c>"


def row_xml(number: int, values: Row) -> str:
    """One `<row>` of inline values from column A on."""
    cells = "".join(
        cell(f"{chr(65 + column)}{number}", value) for column, value in enumerate(values) if value is not None
    )
    return f'<row r="{number}">{cells}</row>'


def sheet_xml(rows: str, *, before: str = "", after: str = "", prolog: str = "") -> str:
    """A worksheet part around raw `<row>` elements."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + prolog
    return f'{head}<worksheet xmlns="{_SPREADSHEET}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def rows_sheet(rows: Iterable[Row], start: int = 1) -> str:
    return sheet_xml("".join(row_xml(number, row) for number, row in enumerate(rows, start)))


def raw_workbook(
    path: str | Path,
    sheets: Mapping[str, str | bytes | Iterable[bytes]],
    *,
    states: Mapping[str, str] | None = None,
    shared_strings: str | bytes | Iterable[bytes] | None = None,
    members: Mapping[str, str | bytes | None] | None = None,
    stored: bool = False,
) -> Path:
    """A workbook of raw worksheet parts; `members` adds, replaces or (None) leaves out files of the zip."""
    path = Path(path)
    parts: dict[str, str | bytes | Iterable[bytes] | None] = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relationships({"rId1": (f"{_OFFICE}/officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": _workbook_xml(list(sheets), states or {}),
        "xl/_rels/workbook.xml.rels": _relationships(
            {
                **{
                    f"rId{number}": (f"{_OFFICE}/worksheet", f"worksheets/sheet{number}.xml")
                    for number in range(1, len(sheets) + 1)
                },
                "rId900": (f"{_OFFICE}/sharedStrings", "sharedStrings.xml"),
            }
        ),
    }
    for number, content in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = content
    parts["xl/sharedStrings.xml"] = shared_strings or strings_xml(())
    parts.update(members or {})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            if part is not None:
                _put(archive, name, part)
    return path


def _put(archive: zipfile.ZipFile, name: str, content: str | bytes | Iterable[bytes]) -> None:
    if isinstance(content, str | bytes):
        archive.writestr(name, content)
        return
    with archive.open(name, "w", force_zip64=False) as member:
        for piece in content:
            member.write(piece)


def strings_xml(strings: Iterable[str]) -> str:
    items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    return f'<?xml version="1.0" encoding="UTF-8"?><sst xmlns="{_SPREADSHEET}">{items}</sst>'


def _content_types(sheets: int) -> str:
    main = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{main}.worksheet+xml"/>'
        for number in range(1, sheets + 1)
    )
    return (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{main}.sheet.main+xml"/>{parts}</Types>'
    )


def _workbook_xml(names: Sequence[str], states: Mapping[str, str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
        + (f" state={quoteattr(states[name])}" if name in states else "")
        + "/>"
        for number, name in enumerate(names, 1)
    )
    head = f'<?xml version="1.0"?><workbook xmlns="{_SPREADSHEET}" xmlns:r="{_OFFICE}">'
    return f"{head}<sheets>{sheets}</sheets></workbook>"


def _relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    items = "".join(
        f'<Relationship Id="{key}" Type="{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}">{items}</Relationships>'


# --- files that are no workbooks ------------------------------------------------------------------


def ole_file(path: str | Path, *streams: str) -> Path:
    """The magic and directory of an OLE file: `Workbook` is an .xls, `EncryptedPackage` a locked .xlsx."""
    entries = b"".join(
        stream.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(stream) + 2).ljust(64, b"\0")
        for stream in ("Root Entry", *streams)
    )
    Path(path).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(512, b"\0") + entries.ljust(1024, b"\0"))
    return Path(path)


def lie_about_size(path: str | Path, member: str, declared: int) -> Path:
    """Overwrite a member's uncompressed size in the zip's directory and local header."""
    content = bytearray(Path(path).read_bytes())
    for magic, size_at, name_at in ((b"PK\x01\x02", 24, 46), (b"PK\x03\x04", 22, 30)):
        at = content.find(magic)
        while at >= 0:
            if content[at + name_at :].startswith(member.encode()):
                struct.pack_into("<L", content, at + size_at, declared)
            at = content.find(magic, at + 4)
    Path(path).write_bytes(content)
    return Path(path)


def repeated(piece: bytes, times: int, head: bytes = b"", tail: bytes = b"") -> Iterator[bytes]:
    """A long part in pieces, so that a bomb costs its builder nothing."""
    yield head
    block, rest = divmod(times, 1000)
    for _ in range(block):
        yield piece * 1000
    yield piece * rest
    yield tail


def phantom_rows(path: str | Path, rows: Sequence[Row], columns: str = "") -> Path:
    """A few real rows, and formatted blank ones down to row 1,048,576, as Excel leaves them."""

    def blank(number: int) -> str:
        cells = "".join(f'<c r="{column}{number}" s="1"/>' for column in columns)
        return f'<row r="{number}" spans="1:7" s="1" customFormat="1">{cells}</row>'

    def pieces() -> Iterator[bytes]:
        real = "".join(row_xml(number, row) for number, row in enumerate(rows, 1))
        yield sheet_xml(real).removesuffix("</sheetData></worksheet>").encode()
        for start in range(len(rows) + 1, 1_048_577, 4096):
            yield "".join(map(blank, range(start, min(start + 4096, 1_048_577)))).encode()
        yield b"</sheetData></worksheet>"

    return raw_workbook(path, {"명단": pieces()})


def mutated(content: bytes, seed: int) -> bytes:
    """The same bytes with a few changed, cut or repeated, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - the same rows for the same seed
    data = bytearray(content)
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randrange(1, 40)]
            case 2:
                data[at:at] = data[at : at + chance.randrange(1, 40)]
            case 3:
                data[at] ^= 1 << chance.randrange(8)
            case _:
                data[at : at + 4] = struct.pack(
                    "<L", chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, len(data)))
                )
        if not data:
            return b"P"
    return bytes(data)


def mutated_part(path: str | Path, source: Path, member: str, seed: int) -> Path:
    """A sound zip around a broken part: the reader's XML side is what is tested."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in archive.namelist():
            content = archive.read(name)
            changed.writestr(name, mutated(content, seed) if name == member else content)
    return Path(path)
