"""`python -m central.gateways.local phone|register|cashier …`: run one of them until SIGTERM."""

import argparse
import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from central.clock import SystemClock
from central.gateways.local import cashier, phone, register
from central.gateways.local.serving import Tls, server
from central.gateways.register import BadRegister


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run = {"phone": _phone, "register": _register, "cashier": _cashier}
    return run[options.what](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m central.gateways.local", description=__doc__)
    kinds = parser.add_subparsers(required=True, dest="what")
    one = kinds.add_parser("phone", help="an SMS gateway with its telephones on a page")
    one.add_argument("--port", type=int, required=True)
    one.add_argument("--token", required=True, help="what the office shows")
    one.add_argument("--report-secret", required=True, help="with which reports are signed")
    one.add_argument("--mood", choices=[mood.value for mood in phone.Mood], default="on-time")
    two = kinds.add_parser("register", help="a register of vehicles over mutual TLS")
    two.add_argument("--port", type=int, required=True)
    two.add_argument("--page-port", type=int, required=True, help="plain HTTP, for people")
    two.add_argument("--file", type=Path, required=True, help="the entries, CSV")
    for name in ("ca", "cert", "key"):
        two.add_argument(f"--{name}", type=Path, required=True)
    three = kinds.add_parser("cashier", help="a payment channel with its telephone on a page")
    three.add_argument("--port", type=int, required=True)
    three.add_argument("--token", required=True, help="what the office shows")
    three.add_argument("--secret", required=True, help="with which callbacks are signed")
    moods = [mood.value for mood in cashier.Mood]
    three.add_argument("--mood", choices=moods, default="on-time")
    return parser


def _cashier(options: argparse.Namespace) -> int:
    books = cashier.Cashier(SystemClock(), options.token, options.secret)
    books.address = f"http://127.0.0.1:{options.port}"
    books.mood = cashier.Mood(options.mood)
    server(cashier.create_cashier(books), options.port).run()
    books.stop.set()
    return 0


def _phone(options: argparse.Namespace) -> int:
    books = phone.Phone(SystemClock(), options.token, options.report_secret)
    books.mood = phone.Mood(options.mood)
    server(phone.create_phone(books), options.port).run()
    books.stop.set()
    return 0


def _register(options: argparse.Namespace) -> int:
    try:
        books = register.Books.read(SystemClock(), options.file)
    except (OSError, BadRegister) as error:
        print(error, file=sys.stderr)
        return 2
    page = server(register.create_page(books), options.page_port)
    thread = threading.Thread(target=page.run, daemon=True)
    thread.start()
    tls = Tls(options.ca, options.cert, options.key)
    server(register.create_register(books), options.port, tls).run()
    page.should_exit = True
    thread.join(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
