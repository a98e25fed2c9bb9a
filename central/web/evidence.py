"""The bytes themselves: images, signed records and packets, for those who may see evidence."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from central.access import Act
from central.auth import Visit
from central.web import looks
from central.web.guard import may
from central.web.parts import parts_of
from central.web.queries import uuid_of

router = APIRouter()
SeesEvidence = Annotated[Visit, Depends(may(Act.SEE_EVIDENCE))]
ReadsStatements = Annotated[Visit, Depends(may(Act.READ_STATEMENTS))]
MayExport = Annotated[Visit, Depends(may(Act.EXPORT_PACKET))]
IMAGE_TYPES = frozenset({"image/jpeg"})
IMAGE_POLICY = "default-src 'none'; sandbox"


@router.get("/exhibits/{sha256}")
def exhibit(request: Request, sha256: str, _visit: SeesEvidence) -> Response:
    """An image, byte for byte as the camera box made it. Its name is its hash: it never changes."""
    parts = parts_of(request)
    fine = len(sha256) == 64 and all(char in "0123456789abcdef" for char in sha256)
    held = parts.store.exhibit(sha256) or parts.back.seeds.exhibit(sha256) if fine else None
    if held is None or held.media_type not in IMAGE_TYPES:
        raise HTTPException(404)
    headers = {
        "Cache-Control": "private, max-age=86400, immutable",
        "ETag": f'"{sha256}"',
        "Content-Security-Policy": IMAGE_POLICY,
        "Content-Disposition": f'inline; filename="{sha256}.jpg"',
    }
    if f'"{sha256}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    path = parts.pictures.path(sha256)
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, media_type=held.media_type, headers=headers)


@router.get("/cases/{case_id}/uploads/{upload_id}")
def upload(request: Request, case_id: str, upload_id: str, visit: ReadsStatements) -> Response:
    """What a party sent. Pictures were made anew when they came; a PDF is nothing that a browser
    may run: it is a file to keep."""
    parts, of_case, known = parts_of(request), uuid_of(case_id), uuid_of(upload_id)
    found = parts.owner.upload(of_case, known) if of_case and known else None
    if found is None:
        raise HTTPException(404)
    looks.note(request, visit, "upload opened", of_case, str(known))
    way = "inline" if found.media_type == "image/jpeg" else "attachment"
    return Response(
        parts.pictures.path(found.sha256).read_bytes(),
        media_type=found.media_type,
        headers={
            "Content-Disposition": f"{way}; filename*=UTF-8''{quote(found.name, safe='')}",
            "Content-Security-Policy": IMAGE_POLICY,
            "Cache-Control": "private, no-store",
        },
    )


@router.get("/records/{record_id}")
def record_envelope(request: Request, record_id: str, visit: SeesEvidence) -> Response:
    """The signed envelope, the exact bytes that came from the device."""
    parts, known = parts_of(request), uuid_of(record_id)
    envelope = parts.store.envelope(known) if known else None
    if envelope is None:
        raise HTTPException(404)
    looks.note(request, visit, "record downloaded", None, str(known))
    return Response(
        envelope,
        media_type="application/vnd.dsse.envelope.v1+json",
        headers={
            "Content-Disposition": f'attachment; filename="{known}.dsse.json"',
            "Cache-Control": "no-store",
        },
    )


@router.get("/cases/{case_id}/packet.zip")
def packet(request: Request, case_id: str, visit: MayExport) -> Response:
    """The case as a file that firelane-verify checks without this server. Raises ExportError."""
    parts, known = parts_of(request), uuid_of(case_id)
    view = parts.store.case(known) if known else None
    if view is None:
        raise HTTPException(404)
    looks.note(request, visit, "packet exported", view.row.id, view.row.number)
    data = parts.export(view.row.id)
    return Response(
        data,
        media_type="application/zip",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(view.row.number)}.zip",
            "Cache-Control": "no-store",
        },
    )
