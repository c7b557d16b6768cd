"""Who may ask the emulated Respeecher: API keys, and sessions of a cookie and a CSRF token."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.credentials import CREDENTIALS
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.catalogue import USER
from runner.sandbox.respeecher.replies import checked, error, invalid
from runner.sandbox.respeecher.rules import API_KEY, LOGIN

PASSWORD = "sandbox-respeecher-password"
"""With the user's e-mail address: the credentials of a session."""

SESSION_LIFE = 24 * 3600.0
"""Virtual seconds that a session lasts; the real time is not documented."""

_LEAST_LIFE = 20.0


@dataclass(frozen=True, slots=True)
class Session:
    """A login. `until` is virtual."""

    id: str
    csrf: str
    until: float


@dataclass(frozen=True, slots=True)
class Key:
    """An API key that was made; `until` is real."""

    key: str
    until: float


class Doors:
    """Keys and sessions. The sandbox's own key is always good; one more can be made."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._clock = clock
        self._sessions = world.table("respeecher.session", Session)
        self._keys = world.table("respeecher.key", Key)

    def operations(self) -> tuple[Operation, ...]:
        """The operations on keys and sessions."""
        return (
            Operation("createApiKey", "POST", "/api/api-key", self.create_key),
            Operation("deleteApiKey", "DELETE", "/api/api-key", self.delete_key),
            Operation("login", "POST", "/api/login", self.login, open=True),
            Operation("logout", "POST", "/api/logout", self.logout),
            Operation("getUser", "POST", "/api/auth", lambda ask: Reply(value=dict(USER))),
        )

    def refused(self, ask: Ask) -> Reply | None:
        """401 unless there is a good key, or a session's cookie with its token."""
        told = ask.headers.get("api-key")
        if told is not None:
            return None if self._good_key(told) else error(401, "The API key is wrong or expired")
        session = self._session(ask)
        if session is None or session.until <= self._clock.virtual():
            return error(401, "The session is missing or has ended")
        right = hmac.compare_digest(ask.headers.get("x-csrf-token", "").encode(), session.csrf.encode())
        return None if right else error(401, "The CSRF token is missing or wrong")

    def login(self, ask: Ask) -> Reply:
        """Begins a session."""
        body = checked(ask, LOGIN)
        if not hmac.compare_digest(body["email"].encode(), str(USER["email"]).encode()):
            raise Refusal(error(404, "User not found"))
        if not hmac.compare_digest(body["password"].encode(), PASSWORD.encode()):
            raise Refusal(error(404, "The password is wrong"))
        until = self._clock.virtual() + self._clock.lasting(SESSION_LIFE, _LEAST_LIFE)
        session = Session(secrets.token_hex(16), secrets.token_hex(16), until)
        self._sessions.put(session.id, session)
        cookie = f"session_id={session.id}; Path=/; HttpOnly; SameSite=lax"
        answer: dict[str, Any] = {"user": dict(USER), "csrf_token": session.csrf}
        return Reply(value=answer, headers={"Set-Cookie": cookie})

    def logout(self, ask: Ask) -> Reply:
        """Ends the session; with a key there is none to end."""
        session = self._session(ask)
        if session is not None:
            self._sessions.remove(session.id)
        return Reply(value={"detail": "OK"})

    def create_key(self, ask: Ask) -> Reply:
        """Makes a key in place of the last one."""
        told = checked(ask, API_KEY)["expires_at"]
        try:
            until = datetime.fromisoformat(told)
        except ValueError:
            until = None
        if until is None or until.tzinfo is None:
            raise Refusal(invalid(["body", "expires_at"], "must be a date and time with its offset"))
        key = Key(secrets.token_hex(16), until.timestamp())
        self._keys.put("key", key)
        return Reply(value={"api_key": key.key})

    def delete_key(self, ask: Ask) -> Reply:
        """Ends the key that was made; the answer's form is not documented, and there is none."""
        if not self._keys.remove("key"):
            raise Refusal(error(404, "There is no API key"))
        return Reply(raw=b"")

    def _good_key(self, told: str) -> bool:
        right = CREDENTIALS["respeecher"]["api_key"]
        made = self._keys.get("key")
        if hmac.compare_digest(told.encode(), right.encode()):
            return True
        return (
            made is not None
            and made.until > self._clock.real()
            and hmac.compare_digest(told.encode(), made.key.encode())
        )

    def _session(self, ask: Ask) -> Session | None:
        try:
            cookie = SimpleCookie(ask.headers.get("cookie", "")).get("session_id")
        except CookieError:
            return None
        return self._sessions.get(cookie.value) if cookie is not None else None
