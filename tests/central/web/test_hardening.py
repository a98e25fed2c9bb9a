"""What strangers type into our forms and push into our uploads.

The forms are found by walking through the running application as each role and as an owner, so that
a page which is added is tried like the rest.
"""

import os
import resource
import socket
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from httpx import Client, Response
from sqlalchemy import select

from central.access import Role
from central.owner.uploads import FILE_BYTES, REQUEST_BYTES
from central.owner_tables import owner_upload
from tests.case_files import CaseFile
from tests.case_steps import TO_DECIDED
from tests.central.web.test_doors import signed_in
from tests.doors import HtmlForm, Seen
from tests.owners import Owner, jpeg, partys
from tests.staff import Staff
from tests.stories import Teller

PRODUCT = "9449772114007"
PROBE = (
    "'\"><x-probe onmouseover=alert(1)>{{1234567*7654321}}${1234567*7654321}"
    "<%= 1234567*7654321 %>'; DROP TABLE statement;-- \x1b[2J 浙B12345"
)
MOST_PAGES = 60


def walk(client: Client, start: str) -> Iterator[tuple[str, Response]]:
    """Every page that links lead to, once for each path."""
    ahead, known = deque([start]), {start.partition("?")[0]}
    while ahead and len(known) < MOST_PAGES:
        path = ahead.popleft()
        page = client.get(path, follow_redirects=True)
        yield path, page
        if "text/html" not in page.headers.get("content-type", ""):
            continue
        for link in Seen.of(page.text).links:
            plain = link.partition("?")[0]
            if plain not in known and not plain.endswith((".zip", ".csv", ".xlsx", "/live")):
                known.add(plain)
                ahead.append(link)


def filled(form: HtmlForm) -> dict[str, str]:
    """The form as a stranger fills it: the probe wherever one can type."""
    return {name: PROBE if name in form.typed else value for name, value in form.fields.items()}


def send(client: Client, path: str, form: HtmlForm) -> Response:
    to = form.action or path
    if form.method == "get":
        return client.get(to, params=filled(form))
    files = [("files", (PROBE, jpeg(), "image/jpeg"))] if form.multipart else None
    return client.post(to, data=filled(form), files=files)


def probe(client: Client, start: str) -> tuple[list[str], int]:
    """What gave way: a tag of ours on a page, a template that calculated, a server that broke."""
    broken, count = [], 0

    def look(what: str, page: Response) -> None:
        if page.status_code >= 500:
            broken.append(f"{what}: {page.status_code}")
        if "text/html" in page.headers.get("content-type", ""):
            seen = Seen.of(page.text)
            if "x-probe" in seen.tags or seen.handlers or PRODUCT in page.text:
                broken.append(f"{what}: {seen.tags & {'x-probe'}} {seen.handlers}")

    for path, page in list(walk(client, start)):
        look(path, page)
        for form in Seen.of(page.text).forms:
            if form.action.endswith(("/sign-out", "/leave")) or "/password" in form.action:
                continue
            count += 1
            look(f"{path} -> {form.action}", send(client, path, form))
    for path, page in walk(client, start):
        look(f"{path} afterwards", page)
    return broken, count


@pytest.mark.slow
@pytest.mark.parametrize("role", Role)
def test_what_is_typed_into_staff_forms_stays_words(
    staff: Staff, teller: Teller, role: Role
) -> None:
    teller.demo()
    with signed_in(staff, role) as (client, _):
        broken, count = probe(client, "/")

    assert count >= 2
    assert broken == []


@pytest.mark.slow
def test_what_is_typed_into_an_owners_forms_stays_words_for_them_and_for_staff(
    staff: Staff, file: CaseFile
) -> None:
    file.name_party(PROBE[:90])
    file.walk(TO_DECIDED[:-2])
    owner, holder = partys(staff, file), Owner.of(staff, file.case_id)
    with owner.inside() as client:
        broken, count = probe(client, owner.path)
        for name in ("statement", "not-me"):
            grounds = {"statement": "other", "not-me": "other-driver"}[name]
            typed = {"grounds": grounds, "text": PROBE, "name": PROBE[:50], "phone": "13900000000"}
            taken = owner.send(client, name, typed, [("files", (PROBE, jpeg(), "image/jpeg"))])
            assert taken.status_code == 303
        again, _ = probe(client, owner.path)
    with holder.inside() as client:
        third, _ = probe(client, holder.path)
    with signed_in(staff, Role.OFFICER) as (client, _):
        page = client.get(f"/cases/{file.case_id}")
        link = next(link for link in Seen.of(page.text).links if "/uploads/" in link)
        upload = client.get(link)

    assert count >= 4
    assert (broken, again, third) == ([], [], [])
    assert "x-probe" not in Seen.of(page.text).tags
    assert "<x-probe onmouseover=alert(1)>" in Seen.of(page.text).words
    assert PRODUCT not in page.text
    assert upload.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "\n" not in upload.headers["content-disposition"]


def test_the_walk_finds_a_hole_where_there_is_one() -> None:
    seen = Seen.of(f"<p>{PROBE}</p><form action=/a><input name=q></form>")

    assert "x-probe" in seen.tags
    assert seen.handlers == {"onmouseover"}
    assert filled(seen.forms[0]) == {"q": PROBE}


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "name", ["../../../../tmp/evil.jpg", "..\\..\\evil.jpg", "/etc/cron.d/evil", "a\0.jpg", "."]
)
def test_a_files_name_leads_nowhere(staff: Staff, file: CaseFile, name: str) -> None:
    folder = file.office.blobs.folder
    before = tree(folder.parent)
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        sent = {"grounds": "other", "text": "说明"}
        owner.send(client, "statement", sent, [("files", (name, jpeg(), "image/jpeg"))])
    with file.office.engine.connect() as db:
        row = db.execute(select(owner_upload)).one()

    new = {path for path in tree(folder.parent) - before if "central.db" not in path}
    assert new == {f"evidence/sha256/{row.sha256[:2]}/{row.sha256[2:4]}/{row.sha256}"}
    assert not set(row.name) & {"/", "\\", "\0"}


@contextmanager
def raw(staff: Staff, head: str) -> Iterator[socket.socket]:
    """A connection on which a request has begun."""
    host, port = staff.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as plug:
        plug.sendall(head.replace("\n", "\r\n").encode())
        yield plug


def answer(staff: Staff, head: str) -> bytes:
    with raw(staff, head) as plug:
        return plug.recv(4096)


def head_of(owner: Owner, client: Client, length: str) -> str:
    cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    return (
        f"POST {owner.path}/statement HTTP/1.1\nHost: a\nCookie: {cookies}\n"
        f"Content-Type: multipart/form-data; boundary=b\n{length}\n\n"
    )


PART = b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n'


def test_a_gigabyte_that_is_announced_is_refused_before_a_byte_of_it_is_read(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.inside() as client:
        told = answer(staff, head_of(owner, client, "Content-Length: 1073741824"))

    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in told.lower()


@pytest.mark.parametrize("part", [PART, b"--b\r\n" + b"X: " + b"y" * 4096, b"no boundary at all"])
def test_a_gigabyte_that_just_comes_is_cut_off_and_costs_neither_memory_nor_disk(
    staff: Staff, file: CaseFile, part: bytes
) -> None:
    owner = Owner.of(staff, file.case_id)
    before = tree(file.office.blobs.folder)
    piece = os.urandom(65_536)
    chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
    sent, head = 0, "Transfer-Encoding: chunked"
    with owner.inside() as client, raw(staff, head_of(owner, client, head)) as plug:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with suppress(OSError):
            plug.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            while sent < 1 << 30:
                plug.sendall(chunk)
                sent += len(piece)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) * 1024

    assert sent < REQUEST_BYTES + 16 * 1024 * 1024
    assert grown < 4 * FILE_BYTES + 64 * 1024 * 1024
    assert tree(file.office.blobs.folder) == before


def test_nobody_without_the_links_browser_makes_the_server_read_files(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    with owner.browser() as client:
        unopened = answer(staff, head_of(owner, client, "Content-Length: 20000000"))
        owner.enter(client)
    with owner.browser() as stranger:
        foreign = answer(staff, head_of(owner, stranger, "Content-Length: 20000000"))

    assert unopened.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 403 "))
    assert foreign.startswith(b"HTTP/1.1 403 ")


def test_a_picture_with_a_page_behind_it_is_kept_without_the_page(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    polyglot = jpeg() + b"<html><script>alert(1)</script>" + b"PK\x03\x04"
    with owner.inside() as client:
        sent = {"grounds": "other", "text": "说明"}
        owner.send(client, "statement", sent, [("files", ("a.html", polyglot, "text/html"))])
    with file.office.engine.connect() as db:
        row = db.execute(select(owner_upload)).one()
    with signed_in(staff, Role.OFFICER) as (client, _):
        shown = client.get(f"/cases/{file.case_id}/uploads/{row.id}")

    assert row.media_type == shown.headers["content-type"] == "image/jpeg"
    assert b"<script" not in shown.content
    assert b"PK\x03\x04" not in shown.content
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_a_pdf_is_a_file_to_keep_and_nothing_that_a_browser_opens(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    pdf = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
    with owner.inside() as client:
        sent = {"grounds": "other", "text": "说明"}
        owner.send(client, "statement", sent, [("files", ("合同.pdf", pdf, "application/pdf"))])
    with file.office.engine.connect() as db:
        row = db.execute(select(owner_upload)).one()
    with signed_in(staff, Role.OFFICER) as (client, _):
        shown = client.get(f"/cases/{file.case_id}/uploads/{row.id}")
        elsewhere = client.get(f"/exhibits/{row.sha256}")
    with signed_in(staff, Role.FINANCE) as (client, _):
        refused = client.get(f"/cases/{file.case_id}/uploads/{row.id}")

    assert shown.content == pdf
    assert shown.headers["content-disposition"].startswith("attachment;")
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert elsewhere.status_code == 404
    assert refused.status_code == 403


def test_too_many_or_too_large_files_are_told_and_nothing_is_kept(
    staff: Staff, file: CaseFile
) -> None:
    owner = Owner.of(staff, file.case_id)
    sent = {"grounds": "other", "text": "这段文字要留着"}
    with owner.inside() as client:
        many = [("files", (f"{n}.jpg", jpeg(), "image/jpeg")) for n in range(7)]
        seven = owner.send(client, "statement", sent, many)
        wrong = owner.send(client, "statement", sent, [("files", ("a.exe", b"MZ" * 50, ""))])

    assert seven.status_code == wrong.status_code == 422
    assert "这段文字要留着" in seven.text
    assert "不是 JPG、PNG、WebP 照片" in wrong.text
    assert file.office.count(owner_upload) == 0
