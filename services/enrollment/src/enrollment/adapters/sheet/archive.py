"""The zip container of a workbook, read as hostile: sizes are counted while inflating, never believed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from enrollment.adapters.sheet.limits import MEBIBYTE, SheetLimits
from enrollment.domain.roster import SheetError

_CHUNK = 64 * 1024
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_END_OF_DIRECTORY = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT = 65535
# A member this small is no bomb whatever its ratio: repetitive honest sheets reach 40 to 150.
_SMALL = 4 * MEBIBYTE
_ENCRYPTED = 0x1
# inflate() takes its window at the first piece; Python has no error of its own for Z_MEM_ERROR there
_NO_MEMORY = "Error -4 "


def corrupt() -> SheetError:
    return SheetError("corrupt_zip", "파일이 손상되었습니다. 엑셀에서 열어 다시 저장한 뒤 올려 주세요.")


def bomb() -> SheetError:
    return SheetError(
        "zip_bomb", "압축을 풀면 지나치게 커지는 파일이라 읽지 않았습니다. 명단만 새 파일에 옮겨 올려 주세요."
    )


def encrypted() -> SheetError:
    return SheetError(
        "encrypted_workbook", "암호가 걸린 파일입니다. 엑셀에서 암호를 풀고 다시 저장한 뒤 올려 주세요."
    )


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the zip; `name` has forward slashes and no leading one."""

    name: str
    offset: int
    method: int
    packed: int
    size: int
    crc: int


class Archive:
    """The members of an open zip file, by lower-case name. Raises SheetError for a faulty container."""

    def __init__(self, file: BinaryIO, limits: SheetLimits) -> None:
        self._file = file
        self._limits = limits
        self._refuse_large_directory()
        self.members = self._directory()

    def has(self, name: str) -> bool:
        return name.lower() in self.members

    def inflate(self, name: str) -> Iterator[bytes]:
        """A member's content in pieces of at most 1 MiB; its true size and CRC are checked at the end."""
        member = self.members.get(name.lower())
        if member is None:
            raise SheetError(
                "corrupt_workbook",
                "엑셀 파일의 일부가 빠져 있습니다. 엑셀에서 열어 다시 저장한 뒤 올려 주세요.",
            )
        size = crc = 0
        for piece in self._pieces(member):
            size += len(piece)
            if self._too_large(size, member.packed):
                raise bomb()
            if size > member.size:
                raise corrupt()
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != member.size or crc != member.crc:
            raise corrupt()

    def _pieces(self, member: Member) -> Iterator[bytes]:
        position, left = self._start(member), member.packed
        inflater = zlib.decompressobj(-15)
        try:
            while left and not inflater.eof:
                self._file.seek(position)
                data = self._file.read(min(_CHUNK, left))
                if not data:
                    raise corrupt()
                position, left = position + len(data), left - len(data)
                if member.method == zipfile.ZIP_STORED:
                    yield data
                    continue
                while data and not inflater.eof:
                    yield inflater.decompress(data, MEBIBYTE)
                    data = inflater.unconsumed_tail
        except zlib.error as error:
            if str(error).startswith(_NO_MEMORY):
                raise MemoryError from None
            raise corrupt() from None
        if member.method == zipfile.ZIP_DEFLATED and not inflater.eof:
            raise corrupt()

    def _start(self, member: Member) -> int:
        self._file.seek(member.offset)
        header = self._file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
            raise corrupt()
        fields = _LOCAL_HEADER.unpack(header)
        return member.offset + _LOCAL_HEADER.size + int(fields[-2]) + int(fields[-1])

    def _too_large(self, size: int, packed: int) -> bool:
        return size > self._limits.max_inflated_bytes or (
            size > _SMALL and size > max(packed, 1) * self._limits.max_ratio
        )

    def _refuse_large_directory(self) -> None:
        """Before zipfile builds an object per member; no workbook needs zip64 or thousands of members."""
        self._file.seek(0, 2)
        size = self._file.tell()
        tail = min(size, _LONGEST_COMMENT + _END_OF_DIRECTORY.size)
        self._file.seek(size - tail)
        data = self._file.read(tail)
        at = data.rfind(b"PK\x05\x06")
        if at < 0 or len(data) - at < _END_OF_DIRECTORY.size:
            raise corrupt()
        fields = _END_OF_DIRECTORY.unpack_from(data, at)
        if fields[4] > self._limits.max_members or fields[5] > self._limits.max_members * 512:
            raise SheetError(
                "too_complex", "파일 구조가 지나치게 복잡합니다. 명단만 새 파일에 옮겨 올려 주세요."
            )

    def _directory(self) -> dict[str, Member]:
        self._file.seek(0)
        try:
            infos = zipfile.ZipFile(self._file).infolist()
        # what zipfile lets through for a broken directory, besides its own error
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            ValueError,
            OSError,
            EOFError,
            struct.error,
            IndexError,
        ):
            raise corrupt() from None
        members: dict[str, Member] = {}
        for info in infos:
            member = self._member(info)
            if member.name.lower() in members:
                raise corrupt()
            members[member.name.lower()] = member
        if len(members) > self._limits.max_members:
            raise SheetError(
                "too_complex", "파일 구조가 지나치게 복잡합니다. 명단만 새 파일에 옮겨 올려 주세요."
            )
        if sum(member.size for member in members.values()) > self._limits.max_inflated_bytes:
            raise bomb()
        return members

    def _member(self, info: zipfile.ZipInfo) -> Member:
        name = info.filename.replace("\\", "/").removeprefix("/")
        if ".." in name.split("/") or ":" in name or name.startswith("/"):
            raise SheetError(
                "unsafe_zip",
                "파일 안에 잘못된 경로가 있어 읽지 않았습니다. 엑셀에서 새 파일로 저장해 올려 주세요.",
            )
        if info.flag_bits & _ENCRYPTED:
            raise encrypted()
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.header_offset < 0:
            raise corrupt()
        if self._too_large(info.file_size, info.compress_size):
            raise bomb()
        return Member(
            name, info.header_offset, info.compress_type, info.compress_size, info.file_size, info.CRC
        )
