"""The parts of a workbook around the cells: sheets, shared strings, date styles. DTDs are refused."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from xml.parsers import expat

from enrollment.adapters.sheet.archive import Archive
from enrollment.adapters.sheet.limits import SheetLimits
from enrollment.domain.roster import SheetError

MAX_TEXT = 32_767  # Excel's own limit of a cell
_SLICE = 32 * 1024
_OFFICE_DOCUMENT = "/officeDocument"
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
# ECMA-376 18.8.30: built-in date and time formats, with the East Asian ones
_BUILT_IN_DATES = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NOT_DATE_LETTERS = re.compile(r"\"[^\"]*\"|\[(?!h|m|s)[^\]]*\]|\\.|_.|\*.", re.IGNORECASE)


def broken() -> SheetError:
    return SheetError(
        "corrupt_workbook", "엑셀 파일의 내용이 손상되었습니다. 엑셀에서 열어 다시 저장한 뒤 올려 주세요."
    )


def too_complex() -> SheetError:
    return SheetError(
        "too_complex", "파일이 지나치게 복잡해서 읽지 못했습니다. 명단만 새 파일에 값으로 옮겨 올려 주세요."
    )


Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


def local(tag: str) -> str:
    """An element's name without its namespace prefix."""
    return tag.rpartition(":")[2]


class XmlStream:
    """Feeds expat; a document type declaration (entities, billion laughs) is refused. Raises SheetError."""

    def __init__(self, start: Start, end: End, text: Text | None = None) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = start
        self._parser.EndElementHandler = end
        self._parser.CharacterDataHandler = text
        self._parser.StartDoctypeDeclHandler = _refuse_doctype

    def feed(self, piece: bytes, last: bool = False) -> None:
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError:
            raise broken() from None

    def text(self, handler: Text | None) -> None:
        """Only listen to text where it matters: a call per piece of white space is dear."""
        self._parser.CharacterDataHandler = handler

    def read(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.feed(piece)
        self.feed(b"", last=True)


def sliced(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small slices, so that a sample of a large part costs little."""
    for piece in pieces:
        for start in range(0, len(piece), _SLICE):
            yield piece[start : start + _SLICE]


def _refuse_doctype(*_: object) -> None:
    raise SheetError(
        "unsafe_xml",
        "파일 안에 허용되지 않는 XML 선언이 있어 읽지 않았습니다. 엑셀에서 새 파일로 저장해 올려 주세요.",
    )


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A visible worksheet: its name and where its cells are."""

    name: str
    member: str


def unescape(text: str) -> str:
    """`_x000D_` is how OOXML writes characters that XML cannot hold."""
    if "_x" not in text:
        return text
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if not 0xD800 <= int(m[1], 16) <= 0xDFFF else "", text)


class Workbook:
    """Raises SheetError: corrupt_workbook, unsafe_xml, too_complex."""

    def __init__(self, archive: Archive, limits: SheetLimits) -> None:
        self._archive = archive
        self._part = self._workbook_part()
        relations = self._relations(self._part)
        self.names: list[str] = []
        self.sheets: list[SheetPart] = []
        self.strings = SharedStrings(archive, self._target(relations, "sharedStrings", "sharedStrings.xml"))
        self._styles = self._target(relations, "styles", "styles.xml")
        self._date_styles: frozenset[int] | None = None
        self._read_sheets(relations)
        if len(self.names) > limits.max_sheets:
            raise too_complex()

    @property
    def styles(self) -> str | None:
        """Where the cell styles are, if anywhere."""
        return self._styles

    @property
    def date_styles(self) -> frozenset[int]:
        """Indexes of cell styles that show a number as a date."""
        if self._date_styles is None:
            has = self._styles is not None and self._archive.has(self._styles)
            self._date_styles = (
                _date_styles(self._archive.inflate(self._styles)) if has and self._styles else frozenset()
            )
        return self._date_styles

    def _workbook_part(self) -> str:
        if self._archive.has("_rels/.rels"):
            for kind, target in _read_relations(self._archive.inflate("_rels/.rels")).values():
                if kind.endswith(_OFFICE_DOCUMENT) and self._archive.has(target.lstrip("/")):
                    return target.lstrip("/")
        return "xl/workbook.xml"

    def _relations(self, part: str) -> dict[str, tuple[str, str]]:
        folder, name = posixpath.split(part)
        path = f"{folder}/_rels/{name}.rels"
        if not self._archive.has(path):
            raise broken()
        relations = _read_relations(self._archive.inflate(path))
        return {key: (kind, _resolve(folder, target)) for key, (kind, target) in relations.items()}

    def _target(self, relations: dict[str, tuple[str, str]], kind: str, default: str) -> str:
        found = next((target for known, target in relations.values() if known.endswith(f"/{kind}")), None)
        return found or f"{posixpath.dirname(self._part)}/{default}"

    def _read_sheets(self, relations: dict[str, tuple[str, str]]) -> None:
        def start(tag: str, attributes: dict[str, str]) -> None:
            if local(tag) != "sheet":
                return
            self.names.append(attributes.get("name", ""))
            reference = next((v for k, v in attributes.items() if local(k) == "id" and k != "id"), "")
            kind, target = relations.get(reference, ("", ""))
            if attributes.get("state", "visible") == "visible" and kind.endswith("/worksheet"):
                self.sheets.append(SheetPart(attributes.get("name", ""), target))

        XmlStream(start, _ignore).read(self._archive.inflate(self._part))


def _resolve(folder: str, target: str) -> str:
    target = target.replace("\\", "/")
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")


def _ignore(_: str) -> None:
    return None


def _read_relations(pieces: Iterable[bytes]) -> dict[str, tuple[str, str]]:
    relations: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if local(tag) == "Relationship":
            relations[attributes.get("Id", "")] = (attributes.get("Type", ""), attributes.get("Target", ""))

    XmlStream(start, _ignore).read(pieces)
    return relations


def _date_styles(pieces: Iterable[bytes]) -> frozenset[int]:
    formats: dict[str, str] = {}
    styles: list[str] = []
    within = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal within
        name = local(tag)
        if name == "numFmt":
            formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            within = True
        elif name == "xf" and within:
            styles.append(attributes.get("numFmtId", "0"))

    def end(tag: str) -> None:
        nonlocal within
        within = within and local(tag) != "cellXfs"

    XmlStream(start, end).read(pieces)
    return frozenset(i for i, style in enumerate(styles) if _is_date(style, formats.get(style)))


def _is_date(number: str, code: str | None) -> bool:
    if code is None:
        return number.isdecimal() and int(number) in _BUILT_IN_DATES
    return bool(re.search("[ymdhs]", _NOT_DATE_LETTERS.sub("", code.partition(";")[0]), re.IGNORECASE))


class SharedStrings:
    """The shared strings by index, read only as far as they are asked for: a sample needs the first few."""

    def __init__(self, archive: Archive, member: str) -> None:
        self._pieces = sliced(archive.inflate(member)) if archive.has(member) else iter(())
        self._present = archive.has(member)
        self._strings: list[str] = []
        self._runs: list[str] = []
        self._length = 0
        self._phonetic = 0
        self._stream = XmlStream(self._start, self._end)

    def get(self, index: int) -> str:
        """Raises SheetError when there is no such string."""
        while index >= len(self._strings) and self._present:
            piece = next(self._pieces, None)
            self._present = piece is not None
            self._stream.feed(piece or b"", last=piece is None)
        if not 0 <= index < len(self._strings):
            raise broken()
        return self._strings[index]

    def _start(self, tag: str, _: dict[str, str]) -> None:
        name = local(tag)
        if name == "t" and not self._phonetic:
            self._stream.text(self._text)
        elif name == "si":
            self._runs, self._length = [], 0
        elif name == "rPh":
            self._phonetic += 1

    def _end(self, tag: str) -> None:
        name = local(tag)
        if name == "t":
            self._stream.text(None)
        elif name == "si":
            self._strings.append(unescape("".join(self._runs)))
        elif name == "rPh":
            self._phonetic -= 1

    def _text(self, text: str) -> None:
        self._length += len(text)
        if self._length > MAX_TEXT:
            raise too_complex()
        self._runs.append(text)
