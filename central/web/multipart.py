"""Reading a form with files while it comes in, and stopping as soon as it is too much.

Nothing is written to a disk and nothing is kept beyond the limits: who announces too much is
refused before a byte of it is read, who just sends it is cut off.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from central.owner.uploads import FILE_BYTES, MOST_FILES, REQUEST_BYTES
from central.web.guard import FORM_FIELDS, Form, FormTooLarge

FIELD_BYTES = 32 * 1024
HEADER_BYTES = 8 * 1024
SECONDS = 300
"""A slow telephone has this long for all its pictures."""
_AT_ONCE = 6
_OF_ONE = 2
"""The second is the same form sent twice: it waits and counts once."""


class BadMultipart(Exception):
    """The body is no form."""


class Busy(Exception):
    """This sender's other forms are still being read."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as it came. `name` is what the browser said, and is trusted for nothing."""

    field: str
    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Filled:
    """A form with its files."""

    form: Form
    files: Sequence[File]


@dataclass
class _Reading:
    """What came so far. The parser calls back for each piece."""

    fields: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _headers: dict[str, str] = field(default_factory=dict)
    _data: bytearray = field(default_factory=bytearray)
    _options: Mapping[bytes, bytes] = field(default_factory=dict)

    def begin(self) -> None:
        self._headers, self._data, self._options = {}, bytearray(), {}
        if len(self.fields) >= FORM_FIELDS:
            raise FormTooLarge(f"a form must have at most {FORM_FIELDS} fields")

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._require(self._header, HEADER_BYTES)

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._require(self._value, HEADER_BYTES)

    def header_end(self) -> None:
        name = self._header.decode("latin-1").lower()
        self._headers[name] = self._value.decode("utf-8", "replace")
        self._header, self._value = bytearray(), bytearray()

    def headers_finished(self) -> None:
        said = self._headers.get("content-disposition", "")
        kind, options = parse_options_header(said.encode())
        if kind != b"form-data" or b"name" not in options:
            raise BadMultipart("every part of a form must have a name")
        self._options = options
        if b"filename" in options and len(self.files) > MOST_FILES:
            raise FormTooLarge(f"at most {MOST_FILES} files")

    def data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]
        self._require(self._data, FILE_BYTES if b"filename" in self._options else FIELD_BYTES)

    def part_end(self) -> None:
        name = self._options[b"name"].decode("utf-8", "replace")
        if b"filename" not in self._options:
            self.fields[name] = self._data.decode("utf-8", "replace")
        elif self._data or self._options[b"filename"]:
            shown = self._options[b"filename"].decode("utf-8", "replace")
            self.files.append(File(name, shown, bytes(self._data)))
        self._data = bytearray()

    @staticmethod
    def _require(data: bytearray, most: int) -> None:
        if len(data) > most:
            raise FormTooLarge(f"a part of the form must be at most {most} bytes")


class Reader:
    """Reads forms with files; so many at a time that they fit the memory, and of one sender so few
    that others have room as well."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._senders: Counter[str] = Counter()

    async def read(self, request: Request, sender: str) -> Filled:
        """Raises FormTooLarge, Busy, BadMultipart, TimeoutError."""
        said = request.headers.get("content-length", "")
        if said.isascii() and said.isdigit() and int(said) > REQUEST_BYTES:
            raise FormTooLarge(f"a form must be at most {REQUEST_BYTES} bytes, {said} announced")
        kind, options = parse_options_header(request.headers.get("content-type", "").encode())
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 1 <= len(boundary) <= 200:
            raise BadMultipart("the form must be multipart/form-data")
        if self._senders[sender] >= _OF_ONE:
            raise Busy(f"{_OF_ONE} forms of this sender are being read")
        self._senders[sender] += 1
        try:
            async with asyncio.timeout(SECONDS), self._room:
                return await _parse(request, boundary)
        finally:
            self._senders[sender] -= 1
            self._senders += Counter()  # forgets who is at zero


async def _parse(request: Request, boundary: bytes) -> Filled:
    reading, count = _Reading(), 0
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": reading.begin,
            "on_part_data": reading.data,
            "on_part_end": reading.part_end,
            "on_header_field": reading.header_field,
            "on_header_value": reading.header_value,
            "on_header_end": reading.header_end,
            "on_headers_finished": reading.headers_finished,
        },
    )
    try:
        async for chunk in request.stream():
            count += len(chunk)
            if count > REQUEST_BYTES:
                raise FormTooLarge(f"a form must be at most {REQUEST_BYTES} bytes")
            parser.write(chunk)
        parser.finalize()
    except MultipartParseError as error:
        raise BadMultipart(str(error)) from None
    return Filled(Form(reading.fields), tuple(reading.files))
