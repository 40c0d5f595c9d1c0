"""Telling by content what an uploaded file is, without a child process. Its name does not matter."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from enrollment.adapters.sheet.archive import Archive, encrypted
from enrollment.adapters.sheet.limits import MEBIBYTE, SheetLimits
from enrollment.domain.roster import SheetError

_HEAD = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_SAVE_AS = "엑셀에서 'Excel 통합 문서(.xlsx)'로 저장한 뒤 올려 주세요."
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta", b"mime-version:")
# a byte order mark, or two bytes per character as "unicode text" from Excel has them
_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_OTHER_ZIPS = (
    ("xl/workbook.bin", f"xlsb 파일은 읽을 수 없습니다. {_SAVE_AS}"),
    ("word/document.xml", f"워드 문서입니다. 명단을 엑셀에 옮겨 {_SAVE_AS}"),
    ("ppt/presentation.xml", f"파워포인트 문서입니다. 명단을 엑셀에 옮겨 {_SAVE_AS}"),
    ("contents/header.xml", f"한글(hwpx) 문서입니다. 명단을 엑셀에 옮겨 {_SAVE_AS}"),
    ("content.xml", f"오픈도큐먼트(ods) 파일입니다. {_SAVE_AS}"),
    ("index/document.iwa", f"Numbers 파일입니다. {_SAVE_AS}"),
)


def sniff(path: str | Path, limits: SheetLimits | None = None) -> None:
    """Return if the file can be an .xlsx workbook; cheap (magic and zip directory).

    Raises SheetError: empty_file, too_large, encrypted_workbook, legacy_xls, csv_file, html_file,
    not_a_workbook, corrupt_zip, unsafe_zip, zip_bomb, too_complex.
    """
    limits = limits or SheetLimits()
    with open(path, "rb") as file:
        check(file, limits)


def check(file: BinaryIO, limits: SheetLimits) -> Archive:
    """As `sniff`, of an open file; returns its zip directory."""
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise SheetError("empty_file", "빈 파일입니다. 명단이 들어 있는 엑셀 파일을 올려 주세요.")
    if size > limits.max_bytes:
        raise SheetError(
            "too_large", f"파일이 {limits.max_bytes // MEBIBYTE}MB를 넘습니다. 나누어 올려 주세요."
        )
    head = file.read(_HEAD)
    if not head.startswith(_ZIP):
        raise _not_zip(head, file)
    archive = Archive(file, limits)
    if not archive.has("xl/workbook.xml") and not archive.has("_rels/.rels"):
        raise _other_zip(archive)
    for name, detail in _OTHER_ZIPS:
        if archive.has(name):
            raise SheetError("not_a_workbook", detail)
    return archive


def _other_zip(archive: Archive) -> SheetError:
    for name, detail in _OTHER_ZIPS:
        if archive.has(name):
            return SheetError("not_a_workbook", detail)
    if any(name.endswith((".xlsx", ".xls", ".csv")) for name in archive.members):
        return SheetError("not_a_workbook", "압축 파일입니다. 압축을 풀고 안의 엑셀 파일을 올려 주세요.")
    return SheetError("not_a_workbook", f"엑셀 파일이 아닙니다. {_SAVE_AS}")


def _not_zip(head: bytes, file: BinaryIO) -> SheetError:
    if head.startswith(_OLE):
        return _ole(file)
    if head.startswith(b"%PDF"):
        return SheetError("not_a_workbook", f"PDF 파일입니다. 명단을 엑셀에 옮겨 {_SAVE_AS}")
    plain = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if plain.startswith(_HTML) or (plain.startswith(b"<?xml") and b"<html" in plain):
        return SheetError("html_file", f"웹 페이지를 엑셀처럼 저장한 파일입니다. 엑셀에서 열어 {_SAVE_AS}")
    if plain.startswith(b"<?xml"):
        return SheetError("not_a_workbook", f"XML 형식의 파일입니다. 엑셀에서 열어 {_SAVE_AS}")
    return _text(head)


def _ole(file: BinaryIO) -> SheetError:
    """The old container: its directory names streams in UTF-16."""
    file.seek(0)
    content = file.read()

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in content

    if holds("EncryptedPackage") or holds("EncryptionInfo"):
        return encrypted()
    if holds("HwpSummaryInformation"):
        return SheetError("not_a_workbook", f"한글(hwp) 문서입니다. 명단을 엑셀에 옮겨 {_SAVE_AS}")
    if holds("WordDocument") or holds("PowerPoint Document"):
        return SheetError("not_a_workbook", f"엑셀 파일이 아닙니다. 명단을 엑셀에 옮겨 {_SAVE_AS}")
    return SheetError("legacy_xls", f"옛 형식(.xls)의 파일입니다. {_SAVE_AS}")


def _text(head: bytes) -> SheetError:
    for encoding, shown in (("utf-16", "UTF-16"), ("utf-8-sig", "UTF-8"), ("cp949", "CP949(완성형)")):
        if encoding == "utf-16" and not head.startswith(tuple(_UTF_16)):
            continue
        try:
            # a character may be cut at the end of what was read
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and any(separator in text for separator in (",", "\t", ";")):
            return SheetError("csv_file", f"CSV(텍스트) 파일입니다: {shown}. 엑셀에서 열어 {_SAVE_AS}")
    return SheetError("not_a_workbook", f"엑셀 파일이 아닙니다. {_SAVE_AS}")
