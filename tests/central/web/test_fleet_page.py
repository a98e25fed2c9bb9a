"""The fleet page, as a browser gets it."""

import re

from edge.wire.topics import Kind
from tests.staff import Staff
from tests.stories import Teller, health


def test_the_fleet_shows_trouble_first_and_says_what_to_do(staff: Staff, teller: Teller) -> None:
    teller.demo()
    with staff.signed_in() as client:
        page = client.get("/fleet").text

    assert re.findall(r'id="box-([a-z0-9-]+)"', page) == [
        "hill-03",
        "tower-north-02",
        "gate-east-01",
        "spare-04",
    ]
    assert "断网期间的证据会自动补传" in page
    assert "到现场查看：清洁镜头" in page
    assert "最早 21 分" in page
    assert "以下是失去联系之前的最后一次报告" in page


def test_a_device_that_is_online_but_silent_counts_as_failed(staff: Staff, teller: Teller) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    teller.say(gate, Kind.BIRTH, gate.birth())
    teller.say(gate, Kind.STATE, gate.state())
    teller.say(gate, Kind.HEALTH, health(gate, staff.office.clock.utc_ms()))
    with staff.signed_in() as client:
        before = client.get("/fleet").text
        staff.office.clock.now_utc_ms += 5 * 60_000 + 1
        after = client.get("/fleet").text

    assert 'class="card box ok" id="box-gate-1"' in before
    assert 'class="card box crit" id="box-gate-1"' in after
    assert "设备没有按时报告" in after
