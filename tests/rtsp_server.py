"""A looping RTSP server on loopback for tests: RTP interleaved in TCP, H.264 and H.265.

It can ask for a password (Basic or Digest), freeze with the socket open, cut its connections and
go on with another clip (another codec). RFC 2326 (RTSP), RFC 6184 and RFC 7798 (payloads).
"""

import asyncio
import base64
import hashlib
import itertools
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import av

_MTU = 1400
_CLOCK = 90_000
_NONCE = "5f1a"
_REALM = "firelane"


@dataclass(frozen=True, slots=True)
class Clip:
    """Access units of one video, each its NAL units and seconds from the start."""

    codec: Literal["h264", "hevc"]
    units: tuple[tuple[tuple[bytes, ...], float], ...]
    seconds: float

    @classmethod
    def read(cls, path: Path) -> Self:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert stream.codec_context.name in ("h264", "hevc"), stream.codec_context.name
            codec: Literal["h264", "hevc"]
            codec = "h264" if stream.codec_context.name == "h264" else "hevc"
            annex_b = av.BitStreamFilterContext(f"{codec}_mp4toannexb", stream)
            units = []
            for packet in container.demux(stream):
                for one in annex_b.filter(packet if packet.size else None):
                    assert one.pts is not None
                    units.append((_nals(bytes(one)), float(one.pts * one.time_base)))
            assert stream.average_rate is not None
            step = float(1 / stream.average_rate)
        first = units[0][1]
        timed = tuple((nals, t - first) for nals, t in units)
        return cls(codec, timed, max(t for _, t in timed) + step)

    def sdp(self) -> str:
        name = {"h264": "H264", "hevc": "H265"}[self.codec]
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            f"m=video 0 RTP/AVP 96\r\na=rtpmap:96 {name}/{_CLOCK}\r\n"
            f"a=fmtp:96 {self._parameters()}\r\na=control:track1\r\n"
        )

    def _parameters(self) -> str:
        nals = self.units[0][0]
        if self.codec == "h264":
            sets = [nal for nal in nals if nal[0] & 31 in (7, 8)]
            return "packetization-mode=1;sprop-parameter-sets=" + ",".join(map(_b64, sets))
        kinds = {32: "vps", 33: "sps", 34: "pps"}
        return ";".join(
            f"sprop-{kinds[kind]}={_b64(nal)}"
            for nal in nals
            if (kind := nal[0] >> 1 & 63) in kinds
        )

    def payloads(self, nal: bytes) -> list[bytes]:
        """The NAL unit as RTP payloads: whole, or in fragments (FU-A, type 49)."""
        if len(nal) <= _MTU:
            return [nal]
        if self.codec == "h264":
            head, body, kind = bytes([nal[0] & 0xE0 | 28]), nal[1:], nal[0] & 31
        else:
            head = bytes([nal[0] & 0x81 | 49 << 1, nal[1]])
            body, kind = nal[2:], nal[0] >> 1 & 63
        parts = [body[i : i + _MTU] for i in range(0, len(body), _MTU)]
        marks = [0x80 * (i == 0) | 0x40 * (i == len(parts) - 1) | kind for i in range(len(parts))]
        return [head + bytes([mark]) + part for mark, part in zip(marks, parts, strict=True)]


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _nals(unit: bytes) -> tuple[bytes, ...]:
    parts = unit.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return tuple(part for part in parts if part)


class RtspServer:
    """`with RtspServer(clip) as server:` serves `server.url` until the block ends."""

    def __init__(
        self, clip: Path, auth: Literal["basic", "digest"] | None = None, password: str = "pw"
    ) -> None:
        self.clip = Clip.read(clip)
        self.connections = 0
        self._auth = auth
        self._password = password
        self._frozen = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._stop = asyncio.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    def freeze(self) -> None:
        """Send nothing more; the connections stay."""
        self._frozen.set()

    def thaw(self) -> None:
        self._frozen.clear()

    def cut(self) -> None:
        """Close every connection; new ones are served."""
        self._loop.call_soon_threadsafe(self._close_all)

    def change(self, clip: Path) -> None:
        """Go on with another clip on new connections, and cut the old ones."""
        self.clip = Clip.read(clip)
        self.cut()

    def _close_all(self) -> None:
        for writer in list(self._writers):
            writer.close()

    def _serve(self) -> None:
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._stop.wait()
        server.close()
        self._close_all()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        play: asyncio.Task[None] | None = None
        try:
            while True:
                method, url, headers = await _request(reader)
                if method == "PLAY":
                    writer.write(_reply(headers, "Session: 7"))
                    play = asyncio.create_task(self._play(writer))
                elif method == "TEARDOWN":
                    writer.write(_reply(headers))
                    return
                else:
                    writer.write(self._answer(method, url, headers))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if play is not None:
                play.cancel()
            self._writers.discard(writer)
            writer.close()

    def _answer(self, method: str, url: str, headers: dict[str, str]) -> bytes:
        if method == "OPTIONS":
            return _reply(headers, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        if self._auth and not self._knows(method, headers.get("authorization", "")):
            scheme = "Basic" if self._auth == "basic" else "Digest"
            nonce = f', nonce="{_NONCE}"' if self._auth == "digest" else ""
            ask = f'WWW-Authenticate: {scheme} realm="{_REALM}"{nonce}'
            return _reply(headers, ask, code="401 Unauthorized")
        if method == "DESCRIBE":
            body = self.clip.sdp()
            return _reply(headers, f"Content-Base: {url}/", "Content-Type: application/sdp", body)
        if method == "SETUP":
            if "TCP" not in headers.get("transport", ""):
                return _reply(headers, code="461 Unsupported Transport")
            return _reply(
                headers,
                "Transport: RTP/AVP/TCP;unicast;interleaved=0-1",
                "Session: 7;timeout=60",
            )
        return _reply(headers, "Session: 7")

    def _knows(self, method: str, told: str) -> bool:
        if self._auth == "basic":
            return told == "Basic " + _b64(f"me:{self._password}".encode())
        fields = dict(
            part.strip().split("=", 1)
            for part in told.removeprefix("Digest ").split(",")
            if "=" in part
        )
        uri = fields.get("uri", "").strip('"')
        first = _md5(f"me:{_REALM}:{self._password}")
        wanted = _md5(f"{first}:{_NONCE}:{_md5(f'{method}:{uri}')}")
        return fields.get("response", "").strip('"') == wanted

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        clip = self.clip
        begin = self._loop.time()
        numbers = itertools.count(7)
        for turn in itertools.count():
            for nals, t in clip.units:
                at = turn * clip.seconds + t
                await asyncio.sleep(max(0.0, begin + at - self._loop.time()))
                while self._frozen.is_set():
                    await asyncio.sleep(0.05)
                payloads = [part for nal in nals for part in clip.payloads(nal)]
                for i, payload in enumerate(payloads):
                    last = 0x80 if i == len(payloads) - 1 else 0
                    writer.write(_rtp(next(numbers), int(at * _CLOCK), last, payload))
                await writer.drain()


def _rtp(number: int, time: int, last: int, payload: bytes) -> bytes:
    head = struct.pack(">BBHII", 0x80, 96 | last, number & 0xFFFF, time & 0xFFFFFFFF, 0x11223344)
    return struct.pack(">cBH", b"$", 0, len(head) + len(payload)) + head + payload


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """The next RTSP request; the client's RTCP in between is passed over."""
    while (first := await reader.readexactly(1)) == b"$":
        _, size = struct.unpack(">BH", await reader.readexactly(3))
        await reader.readexactly(size)
    lines = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, url, _ = lines[0].split(" ")
    pairs = (line.split(": ", 1) for line in lines[1:] if ": " in line)
    return method, url, {key.lower(): value for key, value in pairs}


def _reply(headers: dict[str, str], *more: str, code: str = "200 OK") -> bytes:
    body = more[-1] if more and more[-1].startswith("v=") else ""
    lines = [f"RTSP/1.0 {code}", f"CSeq: {headers.get('cseq', '0')}"]
    lines += [line for line in more if line != body]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
