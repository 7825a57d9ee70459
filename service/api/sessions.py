"""Who is logged in at the dashboard: a cookie that leads to a session, which leads to an API key's hash.

The key itself is kept nowhere; a key that is revoked or has expired ends its sessions with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Request, g
from werkzeug.wrappers import Response

from service.api.auth import CALLER_KEY, Caller, presented_key
from service.api.context import context
from service.ledger.store.sessions import UserSession

COOKIE = "matryoshka_session"
IDLE_SECONDS = 8 * 3600
LONGEST_SECONDS = 24 * 3600
_DIGEST_KEY = "matryoshka.digest"


@dataclass(frozen=True)
class Login:
    """A person's session and what his key allows."""

    session: UserSession
    caller: Caller


def login_of(request: Request) -> Login | None:
    """Return who is logged in by this request's cookie; None without one, after its time or when its key is gone."""
    session_id = request.cookies.get(COOKIE, "")
    if not session_id:
        return None
    ctx = context()
    session = ctx.store.sessions.find(session_id, IDLE_SECONDS)
    if session is None or session.created_at + LONGEST_SECONDS < ctx.clock():
        return None
    caller = ctx.ring.caller_by_digest(session.key_digest)
    return Login(session, caller) if caller else None


def begin_session(key: str, response: Response, *, secure: bool) -> bool:
    """Log in with an API key and set the cookie; False when nobody has the key."""
    ctx = context()
    digest = ctx.ring.digest_of(key)
    if digest is None:
        return False
    session_id, _ = ctx.store.sessions.begin(digest, ctx.clock(), IDLE_SECONDS)
    response.set_cookie(COOKIE, session_id, httponly=True, samesite="Strict", secure=secure, path="/")
    return True


def end_session(request: Request, response: Response) -> None:
    """Log out: the session is gone at once. Safe to repeat."""
    session_id = request.cookies.get(COOKIE, "")
    if session_id:
        context().store.sessions.end(session_id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict")


def bring_login(request: Request) -> None:
    """Let a browser that is logged in read the API: its event streams. Only GET: a cookie alone changes nothing."""
    if request.method != "GET" or not request.cookies.get(COOKIE) or presented_key(request):
        return
    login = login_of(request)
    if login is not None and CALLER_KEY not in request.environ:
        request.environ[CALLER_KEY] = login.caller
        request.environ[_DIGEST_KEY] = login.session.key_digest


def still_let_in(request: Request) -> Callable[[], bool]:
    """Return what tells, for as long as an answer lasts, whether its caller would be let in again.

    An API key may be revoked meanwhile, and a key or token expires. It asks the ledger every few seconds and raises
    redis errors.
    """
    ring, clock, caller = context().ring, context().clock, g.caller
    key, digest = presented_key(request), request.environ.get(_DIGEST_KEY, "")
    if digest:
        return lambda: ring.caller_by_digest(digest) is not None
    if key and caller.kind == "api_key":
        return lambda: ring.caller(key) is not None
    return lambda: caller.expires_at is None or caller.expires_at > clock()
