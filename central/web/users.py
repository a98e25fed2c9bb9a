"""Who may sign in: an administrator adds people, gives roles and shuts out."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from central.access import Act, Role
from central.accounts import NameTaken, NewUser
from central.auth import User, Visit, WeakPassword, hash_password
from central.web.codes import FreshCode
from central.web.guard import Form, checked_form, may
from central.web.parts import parts_of, render

router = APIRouter()
Manages = Annotated[Visit, Depends(may(Act.MANAGE_USERS))]
Sent = Annotated[Form, Depends(checked_form)]
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
ROLES = frozenset(role.value for role in Role)


def _page(request: Request, visit: Visit, status: int = 200, **context: object) -> Response:
    blank = {"typed": {"name": "", "display": "", "role": ""}, "fault": "", "done": "", **context}
    people = parts_of(request).accounts.users()
    return render(request, visit, "users.html", status, people=people, roles=list(Role), **blank)


@router.get("/users")
def users(request: Request, visit: Manages) -> Response:
    done = request.query_params.get("done", "")
    known = ("added", "changed", "password", "code")
    return _page(request, visit, done=done if done in known else "")


@router.post("/users")
def add(request: Request, visit: Manages, form: Sent) -> Response:
    """Raises nothing a person can cause: each fault is a sentence above the form."""
    parts = parts_of(request)
    typed = {
        "name": form.text("name", 64).casefold(),
        "display": form.text("display", 64),
        "role": form["role"],
    }
    fault = ""
    if not NAME.fullmatch(typed["name"]):
        fault = "bad_name"
    elif typed["role"] not in ROLES:
        fault = "bad_role"
    else:
        try:
            hashed = hash_password(form["password"])
            new = NewUser(typed["name"], typed["display"], hashed, Role(typed["role"]))
            parts.accounts.add_user(new, parts.clock.utc_ms())
        except WeakPassword as error:
            fault = error.reason
        except NameTaken:
            fault = "name_taken"
    if fault:
        return _page(request, visit, 422, typed=typed, fault=fault)
    return RedirectResponse("/users?done=added", 303)


def _other(request: Request, visit: Visit, user_id: str) -> User:
    """The user to change: never oneself, so that the last administrator cannot shut himself out."""
    user = parts_of(request).accounts.user(user_id)
    if user is None:
        raise HTTPException(404)
    if user.id == visit.user.id:
        raise HTTPException(403)
    return user


@router.post("/users/{user_id}/role")
def change_role(request: Request, user_id: str, visit: Manages, form: Sent) -> Response:
    user, parts = _other(request, visit, user_id), parts_of(request)
    if form["role"] not in ROLES:
        return _page(request, visit, 422, fault="bad_role")
    parts.accounts.set_role(user.id, Role(form["role"]), parts.clock.utc_ms())
    return RedirectResponse("/users?done=changed", 303)


@router.post("/users/{user_id}/active")
def change_active(request: Request, user_id: str, visit: Manages, form: Sent) -> Response:
    user, parts = _other(request, visit, user_id), parts_of(request)
    parts.accounts.set_active(user.id, form["active"] == "yes", parts.clock.utc_ms())
    return RedirectResponse("/users?done=changed", 303)


@router.post("/users/{user_id}/code")
def reset_code(
    request: Request, user_id: str, visit: Manages, form: Sent, _: FreshCode
) -> Response:
    """The authenticator was lost: its user enrols a new one."""
    user, parts = _other(request, visit, user_id), parts_of(request)
    parts.codes.reset(user.id, visit.user.id, parts.clock.utc_ms())
    return RedirectResponse("/users?done=code", 303)


@router.post("/users/{user_id}/password")
def reset_password(request: Request, user_id: str, visit: Manages, form: Sent) -> Response:
    """A new password ends all of that user's sessions."""
    user, parts = _other(request, visit, user_id), parts_of(request)
    try:
        parts.accounts.set_password(user.id, hash_password(form["password"]))
    except WeakPassword as error:
        return _page(request, visit, 422, fault=error.reason)
    parts.accounts.end_sessions(user.id)
    return RedirectResponse("/users?done=password", 303)
