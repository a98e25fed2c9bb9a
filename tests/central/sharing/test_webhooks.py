"""Telling other departments of acts: signed, in order, nothing lost while they are away."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest
from sqlalchemy import Engine

from central import events
from central.cases import Action
from central.sharing import Departments, Scope, UnknownName
from central.webhooks import NewWebhook, WebhookError, Webhooks, require_url, signed, wait_ms
from tests.device import SimulatedDevice
from tests.office import NOW, Office

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """A real HTTP server that answers what it is told to, and keeps what came."""

    def __init__(self) -> None:
        self.status = 204
        self.came: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.came.append(({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Tests need no access log."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    @property
    def told(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.came]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def hooks(engine: Engine) -> Webhooks:
    return Webhooks(engine, chance=lambda: 1.0)


def case_of(office: Office, device: SimulatedDevice) -> UUID:
    office.deliver(device.arrival())
    found = office.lookup.case_id("2026-000001")
    assert found is not None
    return found


def act(office: Office, case_id: UUID, action: Action) -> None:
    payload = {"action": action.value, "role": "officer", "person": "wang"}
    with office.engine.begin() as db:
        events.append(db, events.Event(NOW, "wang", "act", case_id, payload))


def registered(office: Office, url: str, *actions: Action) -> str:
    Departments(office.engine).add("police", "公安", [Scope.CASES], NOW)
    new = NewWebhook("hook-1", "police", url, frozenset(actions))
    return hooks(office.engine).add(new)


def test_each_act_is_told_once_in_order_and_names_no_person(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, receiver.url)
    act(office, case_id, Action.REVIEW)
    act(office, case_id, Action.REVIEW_AGAIN)
    told = [hooks(office.engine).run(NOW), hooks(office.engine).run(NOW)]

    assert told == [2, 0]
    assert receiver.told == ["case.review", "case.review-again"]
    assert json.loads(receiver.came[0][1]).keys() == {"type", "seq", "utc_ms", "case"}
    assert json.loads(receiver.came[0][1])["case"] == "2026-000001"


def test_the_message_carries_a_signature_that_the_secret_proves(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    secret = registered(office, receiver.url)
    act(office, case_id, Action.REVIEW)
    hooks(office.engine).run(NOW)
    headers, body = receiver.came[0]

    proof = signed(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == proof["webhook-signature"]
    forged = signed(SECRET, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] != forged["webhook-signature"]


def test_the_signature_is_that_of_the_standard() -> None:
    # The worked example of Standard Webhooks 1.0.
    headers = signed(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_the_other_side_does_not_take_is_told_later_in_order(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, receiver.url)
    act(office, case_id, Action.REVIEW)
    act(office, case_id, Action.REVIEW_AGAIN)
    receiver.status = 500
    told = [hooks(office.engine).run(NOW), hooks(office.engine).run(NOW + 4_999)]
    failing = hooks(office.engine).all()[0]
    receiver.status = 204
    told += [hooks(office.engine).run(NOW + 5_000)]

    assert told == [0, 0, 2]
    assert (failing.tries, failing.answer, failing.waiting) == (1, "500", 2)
    assert receiver.told == ["case.review", "case.review", "case.review-again"]
    assert hooks(office.engine).all()[0].tries == 0


def test_an_address_where_nobody_listens_is_tried_again(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, receiver.url)
    receiver.close()
    act(office, case_id, Action.REVIEW)
    hooks(office.engine).run(NOW)

    assert hooks(office.engine).all()[0].answer == "ConnectError"


def test_a_slow_department_holds_up_nobody_else(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, "http://127.0.0.1:9/nobody")
    hooks(office.engine).add(NewWebhook("hook-2", "police", receiver.url))
    act(office, case_id, Action.REVIEW)

    assert hooks(office.engine).run(NOW) == 1
    assert receiver.told == ["case.review"]


def test_only_the_acts_that_were_asked_for_are_told(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, receiver.url, Action.DECIDE)
    act(office, case_id, Action.REVIEW)
    act(office, case_id, Action.DECIDE)
    hooks(office.engine).run(NOW)

    assert receiver.told == ["case.decide"]
    assert hooks(office.engine).all()[0].waiting == 0


def test_an_address_that_is_gone_is_switched_off(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, receiver.url)
    act(office, case_id, Action.REVIEW)
    receiver.status = 410
    hooks(office.engine).run(NOW)
    hooks(office.engine).run(NOW + 10**9)

    assert [one.active for one in hooks(office.engine).all()] == [False]
    assert len(receiver.came) == 1


def test_a_long_log_is_told_in_stretches(
    office: Office, device: SimulatedDevice, receiver: Receiver
) -> None:
    case_id = case_of(office, device)
    registered(office, receiver.url)
    for _ in range(60):
        act(office, case_id, Action.CORRECT)

    assert [hooks(office.engine).run(NOW) for _ in range(3)] == [50, 10, 0]


def test_a_webhook_needs_a_department_and_https(office: Office) -> None:
    with pytest.raises(UnknownName, match="there is no department 'police'"):
        hooks(office.engine).add(NewWebhook("hook-1", "police", "https://police.example/hook"))
    for url in ("http://police.example/hook", "ftp://127.0.0.1/", "https://", "file:///etc/passwd"):
        with pytest.raises(WebhookError, match="a webhook must be https"):
            require_url(url)


def test_the_wait_doubles_up_to_an_hour_and_half_of_it_is_chance() -> None:
    assert [wait_ms(tries, 1.0) for tries in (1, 2, 3, 11, 99)] == [
        5_000,
        10_000,
        20_000,
        3_600_000,
        3_600_000,
    ]
    assert wait_ms(1, 0.0) == 2_500
