"""Legal holds and the ledger of what was erased, as a browser gets them."""

import pytest
from httpx import Client

from central.access import Role
from central.accounts import NewUser
from central.keeping import rounds
from tests.case_files import add_pack
from tests.staff import HASH, Staff, token
from tests.stories import BLUE_PLATE, RED, Teller


@pytest.fixture
def case_path(staff: Staff, teller: Teller) -> str:
    """A case of somebody who left in time; 唐 is head of the office."""
    add_pack(staff.office)
    gate = teller.device("gate-1", "望江花园", 1)
    arrival = teller.arrive(gate, RED, BLUE_PLATE)
    staff.office.remind(arrival)
    teller.depart(gate, arrival)
    head = NewUser("tang", "唐队长", HASH, Role.HEAD)
    staff.accounts.add_user(head, staff.office.clock.utc_ms())
    return f"/cases/{staff.case_id()}"


def post(client: Client, case_path: str, path: str, reason: str) -> str:
    sent = {"csrf": token(client.get(case_path)), "reason": reason}
    return client.post(f"{case_path}/{path}", data=sent, follow_redirects=True).text


def test_a_head_puts_a_hold_and_lifts_it_with_a_code(staff: Staff, case_path: str) -> None:
    with staff.signed_in("tang") as client:
        put = post(client, case_path, "hold", "复议审理中")
        asked = post(client, case_path, "hold/lift", "复议已结束")
    with staff.signed_in("tang", proved=True) as client:
        lifted = post(client, case_path, "hold/lift", "复议已结束")

    assert "法律保留中" in put
    assert "唐队长" in put
    assert "法律保留中" not in asked
    assert "验证码" in asked
    assert "曾法律保留" in lifted


def test_a_hold_needs_a_reason_and_only_head_and_legal_put_it(staff: Staff, case_path: str) -> None:
    with staff.signed_in("tang") as client:
        assert "请写明理由，至少 4 个字" in post(client, case_path, "hold", "x")
    with staff.signed_in("wang") as client:
        sent = {"csrf": token(client.get(case_path)), "reason": "复议中的案件"}
        refused = client.post(f"{case_path}/hold", data=sent)

    assert refused.status_code == 403
    assert staff.back.holds.standing() == ()


def test_what_is_erased_is_told_on_the_case_and_in_the_ledger(staff: Staff, case_path: str) -> None:
    office = staff.office
    for days in (3, 30):
        office.clock.now_utc_ms += days * 86_400_000
        rounds.run(office.engine, office.blobs, office.clock.utc_ms())
        with staff.signed_in("tang") as client:
            case, ledger = client.get(case_path), client.get("/retention")

        assert case.status_code == 200
        assert "images 3 d" in case.text
        assert "未处罚案件的图像" in ledger.text
    assert "personal 30 d" in case.text
    assert "浙B" not in case.text
