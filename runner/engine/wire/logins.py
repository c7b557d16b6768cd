"""The credentials of one account as its calls carry them: the scheme that they choose, and the session of a login."""

import asyncio
import time
from dataclasses import dataclass, field

from runner.api.messages.auth import choose, credentials_of, session_flow
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import AuthScheme
from runner.engine.wire.limits import Slot, backoff
from runner.engine.wire.transport import Transport
from runner.model.errors import RunnerError
from runner.model.http import Call, NoAnswer, Reply
from runner.model.settings import ProviderSettings

LOGINS = 3
"""How often a login is asked for before nothing more goes to a provider in a run."""


@dataclass(slots=True)
class LoginSession:
    """What a login gave, and until when (monotonic seconds; None: until it is refused)."""

    held: dict[str, str] = field(default_factory=dict)
    until: float | None = None

    def fresh(self) -> bool:
        return bool(self.held) and (self.until is None or time.monotonic() < self.until)


class Login:
    """Gives a call's headers and query, and logs in where the scheme has a session. Raises RunnerError where no scheme
    fits the credentials."""

    def __init__(
        self, provider: Provider, settings: ProviderSettings, base_url: str, transport: Transport
    ) -> None:
        self._provider = provider
        self._settings = settings
        self._base_url = base_url
        self._transport = transport
        self._scheme: AuthScheme | None = None
        self._turn = asyncio.Lock()
        self._refused = ""
        self.session = LoginSession()
        self.requests = 0

    @property
    def renewable(self) -> bool:
        """Whether there is a session that can be had anew."""
        return self._chosen().session is not None

    @property
    def renew_on(self) -> tuple[int, ...]:
        """Statuses that a new session may cure."""
        session = self._chosen().session
        return session.renew_on if session is not None else ()

    def credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        """What a call carries now: headers, and what goes into the query."""
        return credentials_of(
            self._chosen(), self._settings.auth, self.session.held, self._settings.auth_form
        )

    async def have(self, slot: Slot, ended: LoginSession | None = None) -> str:
        """Have a session that is good as far as anybody knows; `ended` is one that the API no longer takes. Returns why
        there is none, or nothing."""
        scheme = self._chosen()
        if scheme.session is None or self._good(ended):
            return ""
        async with self._turn:
            if self._refused or self._good(ended):
                return self._refused  # somebody renewed it meanwhile, or could not
            try:
                self.session = await self._log_in(scheme, self.session.held, slot)
            except RunnerError as error:
                self._refused = error.message
        return self._refused

    def _good(self, ended: LoginSession | None) -> bool:
        return self.session is not ended and self.session.fresh()

    def _chosen(self) -> AuthScheme:
        if self._scheme is None:
            self._scheme = choose(self._provider, self._settings.auth)
        return self._scheme

    async def _log_in(self, scheme: AuthScheme, held: dict[str, str], slot: Slot) -> LoginSession:
        assert scheme.session is not None
        flow = session_flow(self._provider, scheme, self._settings.auth, held)
        try:
            call = next(flow)
            while True:
                reply = await self._ask(call, slot)
                call = flow.send(reply)
        except StopIteration as end:
            life = scheme.session.life
            return LoginSession(dict(end.value), None if life is None else time.monotonic() + life)

    async def _ask(self, call: Call, slot: Slot) -> Reply:
        """A login does nothing there that a second one would do twice: one bad moment need not end the run."""
        for attempt in range(LOGINS):
            self.requests += 1
            await slot.again()
            url = call.absolute or self._base_url + call.path
            reply = await self._transport.send(url, call, (), leaving=slot.leaves)
            if not passing(reply) or attempt == LOGINS - 1:
                break
            await asyncio.sleep(backoff(attempt))
        return reply


def passing(reply: Reply) -> bool:
    """Whether asking once more may give a better answer."""
    if isinstance(reply, NoAnswer) or (reply.ok and reply.unreadable):
        return True
    return reply.status >= 500 or reply.status in (408, 425, 429)
