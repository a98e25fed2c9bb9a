"""A form of ours that carries one file.

form: Annotated[FileForm, Depends(file_form(256 * 1024))]
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from central.auth import same
from central.web.guard import FORM_FIELDS, ForgedForm, Form, FormTooLarge, current

_ROOM = 16 * 1024
"""For everything of the form that is not the file."""


@dataclass(frozen=True, slots=True)
class FileForm:
    """The form's fields, and the file's bytes; empty where none was chosen."""

    fields: Form
    file: bytes


def file_form(most: int) -> Callable[[Request], Awaitable[FileForm]]:
    """A dependency: a form with the session's token and a file named `file` of at most `most`
    bytes. Raises RequestRefused; what is too large is not read to its end."""

    async def read(request: Request) -> FileForm:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise ForgedForm("the form came from another site")
        length = request.headers.get("content-length", "")
        if not length.isdigit() or int(length) > most + _ROOM:
            raise FormTooLarge(f"the file must have at most {most} bytes")
        try:
            async with request.form(max_files=1, max_fields=FORM_FIELDS) as sent:
                fields = {name: value for name, value in sent.items() if isinstance(value, str)}
                file = sent.get("file")
                data = await file.read() if isinstance(file, UploadFile) else b""
        except HTTPException:
            raise FormTooLarge("the form holds more than one file or too many fields") from None
        found = current(request)
        if found is None or not same(fields.get("csrf", ""), found.session.csrf):
            raise ForgedForm("the form's token is not this session's")
        if len(data) > most:
            raise FormTooLarge(f"the file must have at most {most} bytes")
        return FileForm(Form(fields), data)

    return read
