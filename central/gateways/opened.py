"""The gateways of a running server, from its configuration."""

from dataclasses import dataclass

from central.gateways.config import AliyunSms, CsvRegister, GatewaysConfig, NonTaxPayment
from central.gateways.identity import HttpIdentityGateway, IdentityGateway
from central.gateways.payment import CALLBACK_PATH, NonTaxChannel, PayChannel
from central.gateways.register import CsvRegisterGateway, HttpRegisterGateway, Register
from central.gateways.sms import HttpSmsGateway, SmsGateway

REPORTS_PATH = "/gateways/sms/reports"
"""Where delivery reports are pushed to, behind the server's address."""


HINTS_PATH = "/gateways/sms/aliyun"
"""Where Aliyun pushes its own, unsigned ones."""


class ExtraMissing(Exception):
    """A gateway was configured whose packages are not installed."""


@dataclass(frozen=True, slots=True)
class Gateways:
    """What is None is not there: people do it."""

    sms: SmsGateway | None = None
    register: Register | None = None
    identity: IdentityGateway | None = None
    payment: PayChannel | None = None

    def close(self) -> None:
        for gateway in (self.sms, self.register, self.identity, self.payment):
            if gateway is not None:
                gateway.close()


def open_gateways(config: GatewaysConfig, base_url: str) -> Gateways:
    """Raises ExtraMissing."""
    return Gateways(
        sms=_sms(config, base_url),
        register=_register(config),
        identity=None if config.identity is None else HttpIdentityGateway(config.identity),
        payment=_payment(config, base_url),
    )


def _sms(config: GatewaysConfig, base_url: str) -> SmsGateway | None:
    if config.sms is None:
        return None
    if not isinstance(config.sms, AliyunSms):
        return HttpSmsGateway(config.sms, base_url + REPORTS_PATH)
    try:
        from central.gateways.aliyun import AliyunSmsGateway
    except ImportError:
        raise ExtraMissing(
            "gateways.sms: kind aliyun needs the extra packages: pip install 'firelane[aliyun]'"
        ) from None
    return AliyunSmsGateway(config.sms)


def _register(config: GatewaysConfig) -> Register | None:
    if config.vehicles is None:
        return None
    if isinstance(config.vehicles, CsvRegister):
        return CsvRegisterGateway(config.vehicles)
    return HttpRegisterGateway(config.vehicles)


def _payment(config: GatewaysConfig, base_url: str) -> PayChannel | None:
    if config.payment is None:
        return None
    if isinstance(config.payment, NonTaxPayment):
        return NonTaxChannel(config.payment, f"{base_url}{CALLBACK_PATH}/{NonTaxChannel.name}")
    # It loads a second HTTP library, which only who pays that way needs.
    from central.gateways.payment_wechat import WechatChannel

    return WechatChannel(config.payment, f"{base_url}{CALLBACK_PATH}/{WechatChannel.name}")
