"""One's own account: the password."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.auth import Visit, WeakPassword, WrongPassword, check_password, hash_password
from central.web.guard import Form, checked_form, signed_in
from central.web.parts import parts_of, render

router = APIRouter()
DONE = ("password", "code", "plates")
SignedIn = Annotated[Visit, Depends(signed_in)]


def _page(request: Request, visit: Visit, status: int = 200, **context: object) -> Response:
    enrolled = parts_of(request).codes.enrolled(visit.user.id)
    plates = parts_of(request).work.acts.plates(visit.user.id)
    blank = {"fault": "", "done": "", **context}
    return render(request, visit, "account.html", status, enrolled=enrolled, plates=plates, **blank)


@router.get("/account")
def account(request: Request, visit: SignedIn) -> Response:
    done = request.query_params.get("done", "")
    return _page(
        request,
        visit,
        done=done if done in DONE else "",
        fault="bad_plate" if done == "bad_plate" else "",
    )


@router.post("/account/password")
def change_password(
    request: Request, visit: SignedIn, form: Annotated[Form, Depends(checked_form)]
) -> Response:
    """Needs the old password; ends the user's other sessions."""
    accounts = parts_of(request).accounts
    fault = ""
    try:
        check_password(visit.user.password, form["old"])
        if form["new"] != form["again"]:
            fault = "differ"
        else:
            accounts.set_password(visit.user.id, hash_password(form["new"]))
            accounts.end_sessions(visit.user.id, keep=visit.session.token_sha256)
    except WrongPassword:
        fault = "wrong_old"
    except WeakPassword as error:
        fault = error.reason
    if fault:
        return _page(request, visit, 422, fault=fault)
    return RedirectResponse("/account?done=password", 303)
