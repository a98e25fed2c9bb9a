"""Many tries at once are no more than the limit, and many pictures no more than the memory."""

from threading import Barrier, BrokenBarrierError, Thread

import pytest

from central.codes import TRIES, CodeError, WrongCode
from central.owner.uploads import Clean
from central.web import owner_forms
from central.web.guard import Form
from central.web.multipart import File, Filled
from central.web.owner_forms import FORMS
from central.web.owner_guard import Arrived
from tests.central.web.test_codes import enrol
from tests.staff import Staff


def test_twenty_wrong_codes_at_the_same_moment_are_judged_no_more_often_than_five(
    staff: Staff,
) -> None:
    enrol(staff, "wang")
    wang, now, crowd = staff.user("wang").id, staff.office.clock.now_utc_ms, 20
    ready, told = Barrier(crowd), list[type[CodeError]]()

    def guess() -> None:
        ready.wait()
        try:
            staff.codes.prove(wang, "000000", now)
        except CodeError as error:
            told.append(type(error))

    threads = [Thread(target=guess) for _ in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == crowd
    assert told.count(WrongCode) == TRIES


def test_no_more_than_two_pictures_are_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that wait for one another are never there together; of two it is the control."""

    def together(crowd: int) -> bool:
        met = Barrier(crowd)
        alone = list[bool]()

        def clean(data: bytes, name: str) -> Clean:
            try:
                met.wait(1)
            except BrokenBarrierError:
                alone.append(True)
            return Clean(data, "image/jpeg", name)

        monkeypatch.setattr(owner_forms, "clean", clean)
        sent = Arrived(0, Filled(Form({}), (File("files", "a.jpg", b"x"),)))
        threads = [
            Thread(target=owner_forms._files, args=(FORMS["statement"], sent)) for _ in range(crowd)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return not alone

    assert (together(2), together(3)) == (True, False)
