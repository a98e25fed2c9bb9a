"""The list of cases to be looked at again, as staff work on it."""

import re

from central.doubts import Doubts
from tests.case_files import add_pack, newest_pack
from tests.staff import Staff, token
from tests.stories import Teller


def test_a_head_says_what_is_wrong_and_an_officer_settles_each_case(
    staff: Staff, teller: Teller
) -> None:
    gate = teller.device("gate-1", "望江花园", 1)
    gate.policy_sha256 = add_pack(staff.office)
    for _ in range(2):
        teller.deliver(gate.arrival([]))
    said = {"kind": "policy", "value": gate.policy_sha256, "reason": "宽限时间写错"}
    with staff.signed_in("chen", proved=True) as client:
        csrf = token(client.get("/recheck"))
        bad = client.post("/recheck/found", data={"csrf": csrf, **said, "value": "12"})
        client.post("/recheck/found", data={"csrf": csrf, **said})
        again = client.post("/recheck/found", data={"csrf": csrf, **said})
    with staff.signed_in("wang") as client:
        page = client.get("/recheck")
        paths = re.findall(r'action="(/recheck/[0-9a-f-]{36}/[0-9a-f-]{36})"', page.text)
        sent = {"csrf": token(page), "outcome": "stands", "note": "已核对录像时间"}
        empty = client.post(paths[0], data={**sent, "note": ""})
        done = client.post(paths[0], data=sent, follow_redirects=True)
        twice = client.post(paths[0], data=sent)

    assert "哈希值应为 64 位" in bad.text
    assert again.status_code == 409
    assert len(paths) == 2
    assert empty.status_code == 422
    assert "复查结论已保存" in done.text
    assert twice.status_code == 409
    assert [(one.waiting, one.settled) for one in Doubts(staff.office.engine).all()] == [(1, 1)]


def test_an_officer_does_not_say_what_is_wrong(staff: Staff) -> None:
    with staff.signed_in("wang", proved=True) as client:
        csrf = token(client.get("/recheck"))
        sent = {"csrf": csrf, "kind": "policy", "value": "ab" * 32, "reason": "Unsinn"}
        answer = client.post("/recheck/found", data=sent)

    assert answer.status_code == 403


def test_cases_under_unknown_rules_are_shown(staff: Staff, teller: Teller) -> None:
    teller.deliver(teller.device("gate-1", "望江花园", 1).arrival([]))
    with staff.signed_in("wang") as client:
        page, listed = client.get("/recheck"), client.get("/cases")
        add_pack(staff.office)
        device = teller.device("gate-2", "望江花园", 2)
        device.policy_sha256 = newest_pack(staff.office) or ""
        teller.deliver(device.arrival([]))
        control = client.get("/cases")

    assert "规则未知的案件" in page.text
    assert ">2026-000001</a>" in page.text
    assert listed.text.count(">规则未知</span>") == 1
    assert ">2026-000002</a>" in control.text
    assert control.text.count(">规则未知</span>") == 1
