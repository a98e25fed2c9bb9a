"""A limit on what a caller may send, held while it comes in: nothing larger is ever in memory."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """Middleware: a body of more than `most` bytes ends in HTTPException 413."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        came = 0

        async def counted() -> Message:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > self._most:
                raise HTTPException(413, f"a request must be at most {self._most} bytes")
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)
