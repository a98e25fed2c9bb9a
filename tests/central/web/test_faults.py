"""When the world around the pages fails."""

import logging
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError

from central.views import Mark
from tests.staff import Staff
from tests.stories import Teller


def away(*_arguments: object) -> Mark:
    raise OperationalError("SELECT", {}, OSError("connection lost"))


def test_a_database_that_is_away_is_told_in_a_sentence(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    with staff.signed_in() as client:
        with monkeypatch.context() as broken:
            broken.setattr(type(staff.office.lookup), "mark", away)
            page = client.get("/cases")
        again = client.get("/cases")

    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "数据没有丢失" in page.text
    assert again.status_code == 200


def test_open_pages_hear_again_when_the_database_is_back(
    staff: Staff, teller: Teller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = Event()

    def away_and_told(_lookup: object) -> Mark:
        asked.set()
        return away()

    monkeypatch.setattr("central.web.live.RETRY_S", 0.05)
    with staff.signed_in() as client, monkeypatch.context() as broken:
        broken.setattr(type(staff.office.lookup), "mark", away_and_told)
        with caplog.at_level(logging.ERROR), client.stream("GET", "/live") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 1000"
            assert asked.wait(60)
            broken.undo()
            heard = next(line for line in lines if line.startswith("event"))

    assert heard == "event: hello"
    assert "cannot see what changed" in caplog.text


def test_a_fault_of_ours_gets_a_number_that_the_log_has_too(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_lookup: object) -> Mark:
        raise ValueError("our bug")

    monkeypatch.setattr(type(staff.office.lookup), "mark", broken)
    with staff.signed_in() as client, caplog.at_level(logging.ERROR):
        page = client.get("/cases")

    assert page.status_code == 500
    assert "系统出错了" in page.text
    assert "our bug" not in page.text
    number = page.text.split("<code>")[1].split("</code>")[0]
    assert f"page failed number={number} path=/cases" in caplog.text


def test_an_image_that_is_gone_from_the_disk_is_not_found(staff: Staff, teller: Teller) -> None:
    packet = teller.arrive(teller.device("gate-1", "望江花园", 1))
    sha256 = next(iter(packet.exhibits))
    staff.office.blobs.path(sha256).unlink()
    with staff.signed_in() as client:
        image = client.get(f"/exhibits/{sha256}")
        page = client.get(f"/cases/{staff.case_id()}")

    assert image.status_code == 404
    assert page.status_code == 200
    assert "图片尚未收到" in page.text
