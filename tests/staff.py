"""The staff pages over a real office, with people who may sign in.

staff = Staff.open(office)
with staff.signed_in("wang") as client:
    client.get("/cases")
"""

import re
import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from fastapi import FastAPI
from httpx import Client, Response

from central.access import Role
from central.accounts import Accounts, NewUser
from central.api import app as api
from central.auth import SESSION_LIFE_MS, Session, User, hash_password, token_sha256
from central.back_office import BackOffice
from central.case_work import CaseWork
from central.codes import Codes
from central.export import Source, export_case
from central.gateways.identity import IdentityGateway
from central.gateways.payment import PayChannel
from central.owner.desk import OwnerDesk
from central.purposes import Purpose
from central.reviewing import Reviews
from central.views import CaseFilter
from central.web.app import create_app
from central.web.live import Changes
from central.web.parts import Parts, WebSettings
from central.web.server import WebServer
from central.webhooks import Webhooks
from tests.office import Office

PASSWORD = "a long pass phrase"
HASH = hash_password(PASSWORD)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Pages are served without TLS here: a visitor need not read the world's authorities, which takes
longer than most pages."""
PEOPLE = {
    "wang": ("王建国", Role.OFFICER),
    "li": ("李娜", Role.OFFICER),
    "zhao": ("赵强", Role.OFFICER),
    "chen": ("陈立", Role.HEAD),
    "sun": ("孙悦", Role.LEGAL),
    "qian": ("钱芳", Role.SERVICE),
    "zhou": ("周敏", Role.FINANCE),
    "root": ("系统管理员", Role.ADMIN),
}
_TOKEN = re.compile(r'name="csrf" value="([^"]*)"')


def token(page: Response) -> str:
    """The token that a page's forms carry."""
    found = _TOKEN.search(page.text)
    assert found is not None
    return found.group(1)


def sign_in(client: Client, name: str, password: str = PASSWORD, onward: str = "") -> Response:
    """What the sign-in form does."""
    csrf = token(client.get("/sign-in"))
    sent = {"csrf": csrf, "name": name, "password": password, "next": onward}
    return client.post("/sign-in", data=sent)


@dataclass
class Staff:
    """The people and the app, and the office behind it."""

    office: Office
    accounts: Accounts
    app: FastAPI
    reviews: Reviews
    codes: Codes
    back: BackOffice
    address: str = ""
    listening: socket.socket | None = None

    @classmethod
    @contextmanager
    def serving(cls, office: Office, base_url: str = "http://127.0.0.1") -> "Iterator[Staff]":
        staff = cls.open(office, base_url)
        server = WebServer(staff.app, "127.0.0.1", 0)
        server.start()
        staff.listening = server.listening
        staff.address = f"http://127.0.0.1:{server.port}"
        try:
            yield staff
        finally:
            server.stop()

    @classmethod
    def open(cls, office: Office, base_url: str) -> "Staff":
        accounts = Accounts(office.engine)
        for name, (display, role) in PEOPLE.items():
            accounts.add_user(NewUser(name, display, HASH, role), office.clock.utc_ms())

        source = Source(office.engine, office.blobs, office.signer)

        def export(case_id: UUID) -> bytes:
            return export_case(source, case_id, office.clock.utc_ms())

        parts = Parts(
            store=office.lookup,
            pictures=office.blobs,
            accounts=accounts,
            codes=Codes(office.engine, office.signer),
            settings=WebSettings(base_url),
            clock=office.clock,
            export=export,
            changes=Changes(office.lookup),
            reviews=Reviews(office.engine),
            work=CaseWork.over(office.engine, office.blobs),
            api=api.Parts.over(office.engine, office.clock, export),
            webhooks=Webhooks(office.engine),
            back=BackOffice.over(office.engine, office.blobs, office.signer, office.clock),
            owner=OwnerDesk.over(
                office.engine, office.blobs, office.reminders.outside.gateways.identity
            ),
            reminders=office.reminders,
        )
        return cls(office, accounts, create_app(parts), parts.reviews, parts.codes, parts.back)

    def use_channel(self, channel: PayChannel) -> None:
        """From now on the pages hear this payment channel."""
        parts = self.app.state.parts
        work = CaseWork.over(self.office.engine, self.office.blobs, channel)
        self.app.state.parts = replace(parts, work=work)

    def use_identity(self, gateway: IdentityGateway) -> None:
        """From now on the owner's page asks this identity gateway."""
        owner = OwnerDesk.over(self.office.engine, self.office.blobs, gateway)
        self.app.state.parts = replace(self.app.state.parts, owner=owner)

    def user(self, name: str) -> User:
        user = self.accounts.user_by_name(name)
        assert user is not None
        return user

    def case_id(self) -> UUID:
        """The newest case."""
        return self.office.lookup.cases(CaseFilter(limit=1)).rows[0].id

    @contextmanager
    def visitor(self) -> Iterator[Client]:
        """A browser that nobody signed in with."""
        headers = {"accept": "text/html"}
        with Client(base_url=self.address, headers=headers, timeout=60, verify=NO_TLS) as client:
            yield client

    @contextmanager
    def signed_in(self, name: str = "wang", *, proved: bool = False) -> Iterator[Client]:
        """A browser with a session. The form is not used: hashing takes its time on purpose."""
        with self.visitor() as client:
            client.cookies.set("firelane", self.session(name, proved=proved))
            yield client

    def session(self, name: str, *, proved: bool = False, purpose: str = Purpose.HANDLING) -> str:
        """The token of a new session; `proved`: a one-time code was typed in it just now;
        `purpose`: why cases are looked at in it, empty where that was not said yet."""
        now = self.office.clock.utc_ms()
        opened = secrets.token_urlsafe(32)
        if purpose:
            self.back.purposes.choose(token_sha256(opened), purpose, "", now)
        self.accounts.add_session(
            Session(
                token_sha256=token_sha256(opened),
                user_id=self.user(name).id,
                csrf=secrets.token_urlsafe(24),
                created_utc_ms=now,
                seen_utc_ms=now,
                expires_utc_ms=now + SESSION_LIFE_MS,
                agent="",
                proved_utc_ms=now if proved else None,
            )
        )
        return opened
