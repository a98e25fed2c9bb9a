"""A time-stamping authority of OpenSSL's own `ts`, behind a small HTTP server.

with authority(tmp_path) as tsa:
    Authority.of(tsa.url, tsa.roots, 10)
"""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_CONFIG = """
[tsa]
default_tsa = here
[here]
dir = {folder}
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""
_NEW = (
    *("req", "-x509", "-config", "/dev/null", "-nodes", "-days", "30"),
    *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
)


@dataclass
class Tsa:
    """`asked` are the requests; `answer` replaces what is sent back, `status` its HTTP status."""

    folder: Path
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    answer: bytes | None = None
    status: int = 200

    @property
    def roots(self) -> Path:
        return self.folder / "ca.pem"

    def respond(self, query: bytes) -> bytes:
        (self.folder / "query.tsq").write_bytes(query)
        names = ["-section", "here", "-queryfile", "query.tsq", "-out", "reply.tsr"]
        openssl(self.folder, "ts", "-reply", "-config", "tsa.cnf", *names)
        return (self.folder / "reply.tsr").read_bytes()


def openssl(folder: Path, *words: str) -> str:
    """OpenSSL's output. Raises CalledProcessError."""
    done = subprocess.run(
        ["openssl", *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@contextmanager
def authority(folder: Path) -> Iterator[Tsa]:
    """A running authority with a root of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    tsa = Tsa(folder)
    (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
    (folder / "serial").write_text("01")
    root = ("-subj", "/CN=root", "-keyout", "ca.key", "-out", "ca.pem")
    leaf = ("-subj", "/CN=tsa", "-keyout", "tsa.key", "-out", "tsa.pem")
    openssl(folder, *_NEW, *_extensions("ca"), *root)
    openssl(folder, *_NEW, *_extensions("leaf"), *leaf, "-CA", "ca.pem", "-CAkey", "ca.key")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(tsa))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    tsa.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield tsa
    finally:
        server.shutdown()
        server.server_close()


def _extensions(section: str) -> list[str]:
    lines = _CONFIG.partition(f"[{section}]\n")[2].partition("[")[0].strip().splitlines()
    return [word for line in lines for word in ("-addext", line.replace(" = ", "=", 1))]


def _handler(tsa: Tsa) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            tsa.asked.append(query)
            reply = tsa.respond(query) if tsa.answer is None else tsa.answer
            self.send_response(tsa.status)
            self.send_header("content-type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
