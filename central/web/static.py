"""Our own scripts, styles and icons. Their address holds their hash, so browsers keep them."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

from central.web.parts import STATIC, asset

router = APIRouter()
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}


@router.get("/static/{digest}/{name}")
def static_file(digest: str, name: str) -> Response:
    known = {path.name: path for path in STATIC.iterdir() if path.is_file()}
    path = known.get(name)
    if path is None or path.suffix not in TYPES:
        raise HTTPException(404)
    fresh = asset(name) == f"/static/{digest}/{name}"
    keep = "public, max-age=31536000, immutable" if fresh else "no-cache"
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": keep})


@router.get("/favicon.ico")
def favicon() -> Response:
    return FileResponse(
        STATIC / "icon.svg", media_type=TYPES[".svg"], headers={"Cache-Control": "max-age=86400"}
    )


@router.get("/healthz")
def healthy() -> Response:
    """For a load balancer: this process answers."""
    return Response("ok\n", media_type="text/plain")
