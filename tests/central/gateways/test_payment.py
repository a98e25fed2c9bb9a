"""Payment channels: asking for a code, and believing only what a channel signed."""

import base64
import json
import secrets
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from httpx import post
from pydantic import SecretStr, ValidationError

from central.billing import Report
from central.gateways.calls import BadAnswer, GatewayDown, GatewayRefused
from central.gateways.config import NonTaxPayment, WechatPayment
from central.gateways.local.cashier import Cashier, create_cashier
from central.gateways.local.serving import serving
from central.gateways.payment import BadCallback, Bill, Issued, NonTaxChannel
from central.gateways.payment_wechat import WechatChannel
from central.gateways.sms import signature
from central.statements import read_statement
from tests.central.gateways.servers import Asked, scripted
from tests.office import NOW, TurnedClock

SECRET = "whsec_" + base64.b64encode(b"s" * 24).decode()
BILL = Bill(UUID(int=7), "202600000001", "消防通道占用罚款", 10_000, "2026-12-03")
APIV3 = "k" * 32
CERT = "5157F09EFDC096DE15EBE81A47057A72"
KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"


def non_tax(url: str) -> NonTaxChannel:
    config = NonTaxPayment(
        kind="non-tax", url=url, token=SecretStr("t"), callback_secret=SecretStr(SECRET)
    )
    return NonTaxChannel(config, "http://127.0.0.1:1/gateways/payments/non-tax")


def told(**changes: object) -> bytes:
    whole = {
        "kind": "paid",
        "bill": str(BILL.id),
        "transaction": "GK1",
        "amount_fen": 10_000,
        "paid_utc_ms": NOW,
    }
    return json.dumps({**whole, **changes}).encode()


def signed(body: bytes, secret: str = SECRET, at_ms: int = NOW) -> dict[str, str]:
    name, stamp = "m-1", at_ms // 1000
    return {
        "webhook-id": name,
        "webhook-timestamp": str(stamp),
        "webhook-signature": signature(secret, name, stamp, body),
    }


def test_the_same_bill_has_the_same_code_however_often_it_is_asked_for() -> None:
    cashier = Cashier(TurnedClock(), "t", SECRET, "http://pay.invalid")
    with (
        serving(create_cashier(cashier)) as port,
        closing(non_tax(f"http://127.0.0.1:{port}")) as channel,
    ):
        first, again = channel.ask(BILL), channel.ask(BILL)
        other = channel.ask(Bill(uuid4(), "202600000002", "x", 1, "2026-12-03"))

    assert first == again == Issued("33022026111800000001", f"http://pay.invalid/pay/{first.code}")
    assert other.code == "33022026111800000002"


def test_a_channel_that_is_away_or_refuses_is_told_apart() -> None:
    with closing(non_tax("http://127.0.0.1:9")) as away, pytest.raises(GatewayDown):
        away.ask(BILL)
    for status, body, fault in (
        (503, b"", GatewayDown),
        (422, b"{}", GatewayRefused),
        (200, b'{"code": "1"}', BadAnswer),
        (200, b"not json", BadAnswer),
    ):
        with (
            scripted(lambda _, answer=(status, body): answer) as server,  # type: ignore[misc]
            closing(non_tax(server.url)) as channel,
            pytest.raises(fault),
        ):
            channel.ask(BILL)


def test_a_signed_callback_is_a_report() -> None:
    body = told()

    report = non_tax("http://127.0.0.1:9").read(signed(body), body, NOW)

    assert report == Report("non-tax", "GK1", BILL.id, 10_000, NOW)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, told()),
        (signed(told(), "whsec_" + base64.b64encode(b"x" * 24).decode()), told()),
        (signed(told()), told(amount_fen=1)),
        (signed(told(), at_ms=NOW - 301_000), told()),
        (signed(told(), at_ms=NOW + 301_000), told()),
        ({**signed(told()), "webhook-timestamp": "²"}, told()),
        ({**signed(told()), "webhook-signature": "v1,é"}, told()),
        (signed(told(amount_fen=0)), told(amount_fen=0)),
        (signed(told(bill="x")), told(bill="x")),
        (signed(b"no json"), b"no json"),
    ],
)
def test_what_is_not_the_channels_word_of_now_is_not_believed(
    headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(BadCallback):
        non_tax("http://127.0.0.1:9").read(headers, body, NOW)


def test_what_a_telephone_pays_is_in_the_treasurys_file_whatever_callbacks_do() -> None:
    cashier = Cashier(TurnedClock(), "t", SECRET, "http://pay.invalid")
    with serving(create_cashier(cashier)) as port:
        with closing(non_tax(f"http://127.0.0.1:{port}")) as channel:
            code = channel.ask(BILL).code
        for fen in (10_000, 50):
            post(f"http://127.0.0.1:{port}/pay/{code}", data={"fen": str(fen)})
        post(f"http://127.0.0.1:{port}/back/{code}", data={"fen": "50"})
    cashier.stop.set()

    lines = read_statement(cashier.statement())

    assert [(one.reference[:2], one.direction, one.amount_fen) for one in lines] == [
        ("GK", "in", 10_000),
        ("GK", "in", 50),
        ("TF", "out", 50),
    ]
    assert {one.code for one in lines} == {code}


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "plain"])
def test_a_weak_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValidationError):
        NonTaxPayment(kind="non-tax", url="https://x.invalid", callback_secret=SecretStr(secret))


class Wechat:
    """WeChat's side: its key, what it signs and seals."""

    def __init__(self, folder: Path) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.ours = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (folder / "ours.pem").write_bytes(
            self.ours.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        (folder / "theirs.pem").write_bytes(
            self.key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        self.config = WechatPayment(
            kind="wechat",
            mchid="1900000001",
            appid="wxd678efh567hg6787",
            private_key=folder / "ours.pem",
            cert_serial=CERT,
            apiv3_key=SecretStr(APIV3),
            public_key=folder / "theirs.pem",
            public_key_id=KEY_ID,
        )

    def channel(self, gateway: str = "http://127.0.0.1:9") -> WechatChannel:
        return WechatChannel(self.config, "https://office.invalid/cb", gateway)

    def signed(self, body: bytes, at_ms: int = NOW) -> dict[str, str]:
        stamp, nonce = str(at_ms // 1000), secrets.token_hex(16)
        text = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
        made = self.key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return {
            "wechatpay-signature": base64.b64encode(made).decode(),
            "wechatpay-timestamp": stamp,
            "wechatpay-nonce": nonce,
            "wechatpay-serial": KEY_ID,
            "wechatpay-signature-type": "WECHATPAY2-SHA256-RSA2048",
            "content-type": "application/json",
        }

    def callback(self, event: str = "TRANSACTION.SUCCESS", **changes: object) -> bytes:
        paid = {
            "mchid": "1900000001",
            "appid": "wxd678efh567hg6787",
            "out_trade_no": BILL.serial,
            "attach": str(BILL.id),
            "transaction_id": "4200001234",
            "trade_state": "SUCCESS",
            "success_time": datetime.fromtimestamp(NOW / 1000, UTC).isoformat(),
            "amount": {"total": 10_000, "payer_total": 10_000, "currency": "CNY"},
        } | changes
        nonce = secrets.token_hex(6)
        sealed = AESGCM(APIV3.encode()).encrypt(
            nonce.encode(), json.dumps(paid).encode(), b"transaction"
        )
        resource = {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "associated_data": "transaction",
            "nonce": nonce,
        }
        whole = {"id": "e-1", "event_type": event, "resource_type": "encrypt-resource"}
        return json.dumps({**whole, "resource": resource}).encode()


@pytest.fixture(scope="module")
def wechat(tmp_path_factory: pytest.TempPathFactory) -> Wechat:
    return Wechat(tmp_path_factory.mktemp("wechat"))


def test_wechat_tells_a_payment_that_it_signed_and_sealed(wechat: Wechat) -> None:
    body = wechat.callback()

    report = wechat.channel().read(wechat.signed(body), body, NOW)

    assert report == Report("wechat", "4200001234", BILL.id, 10_000, NOW)


def test_wechat_telling_of_a_refund_or_a_failure_is_no_payment(wechat: Wechat) -> None:
    refund = wechat.callback("REFUND.SUCCESS")
    failed = wechat.callback(trade_state="PAYERROR")

    assert wechat.channel().read(wechat.signed(refund), refund, NOW) is None
    assert wechat.channel().read(wechat.signed(failed), failed, NOW) is None


def test_a_forged_wechat_callback_is_not_believed(wechat: Wechat, tmp_path: Path) -> None:
    body, stranger = wechat.callback(), Wechat(tmp_path)
    late = wechat.signed(body, NOW - 301_000)
    other = wechat.callback(mchid="1900000002")
    for headers, sent in (
        ({}, body),
        (stranger.signed(body), body),
        (wechat.signed(body), wechat.callback()),
        (late, body),
        ({**wechat.signed(body), "wechatpay-serial": "AB12"}, body),
        (wechat.signed(other), other),
    ):
        with pytest.raises(BadCallback):
            wechat.channel().read(headers, sent, NOW)


def test_wechat_gives_a_code_url_for_the_bill_in_an_answer_that_it_signed(wechat: Wechat) -> None:
    answered = json.dumps({"code_url": "weixin://wxpay/bizpayurl?pr=x"}).encode()
    came: list[Asked] = []

    def answer(asked: Asked) -> tuple[int, bytes]:
        came.append(asked)
        return 200, answered

    with scripted(answer) as server:
        server.headers = wechat.signed(answered)
        issued = wechat.channel(server.url).ask(BILL)

    assert issued == Issued(BILL.serial, "weixin://wxpay/bizpayurl?pr=x")
    assert came[0].path == "/v3/pay/transactions/native"
    assert came[0].fields["out_trade_no"] == BILL.serial
    assert came[0].fields["attach"] == str(BILL.id)
    assert came[0].headers["authorization"].startswith("WECHATPAY2-SHA256-RSA2048 mchid=")


def test_an_answer_that_wechat_did_not_sign_is_not_believed(wechat: Wechat) -> None:
    answer = b'{"code_url": "weixin://x"}'
    with scripted(lambda _: (200, answer)) as server, pytest.raises(BadAnswer):
        wechat.channel(server.url).ask(BILL)


def test_wechat_away_or_refusing_is_told_apart(wechat: Wechat) -> None:
    with pytest.raises(GatewayDown):
        wechat.channel().ask(BILL)
    with scripted(lambda _: (500, b"{}")) as server, pytest.raises(GatewayDown):
        wechat.channel(server.url).ask(BILL)
    with (
        scripted(lambda _: (400, b'{"code": "PARAM_ERROR"}')) as server,
        pytest.raises(GatewayRefused) as refused,
    ):
        wechat.channel(server.url).ask(BILL)
    assert refused.value.code == "PARAM_ERROR"
