"""One account at one provider: where it is, its credentials and session, its limits, and what stopped it."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from runner.api.auth import choose, credentials_of, session_flow
from runner.api.judge import judge
from runner.api.lifedata import AuthScheme
from runner.api.provider import Provider
from runner.engine.addresses import reach_of
from runner.engine.limits import Limiter
from runner.engine.transport import Transport
from runner.model.errors import RunnerError
from runner.model.http import Answer, Call, NoAnswer, Reply
from runner.model.settings import ProviderSettings


@dataclass(slots=True)
class _Session:
    """What a login gave, and until when (monotonic seconds; None: until it is refused)."""

    held: dict[str, str] = field(default_factory=dict)
    until: float | None = None

    def fresh(self) -> bool:
        return bool(self.held) and (self.until is None or time.monotonic() < self.until)


@dataclass(frozen=True, slots=True)
class Signed:
    """A URL as it is asked for. `own`: it is the account's, and carries its credentials; `session` is what for."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    session: object = None

    @property
    def own(self) -> bool:
        return self.session is not None


LOGINS = 3
"""How often a login is asked for before nothing more goes to a provider in a run."""


class NotSent(Exception):
    """A call with an effect was held back before its intent was recorded; the message says why."""


class Account:
    """Sends calls with credentials. `stopped` says why nothing more may go there in this run, `closed` why nothing
    new may: what runs there is still looked at, and its files are fetched."""

    def __init__(self, provider: Provider, settings: ProviderSettings, transport: Transport) -> None:
        self.provider = provider
        self.settings = settings
        self.base_url = (settings.base_url or provider.base_url).rstrip("/")
        self.key = f"{provider.name} {self.base_url}"
        self.limiter = Limiter(settings.max_in_flight, settings.rate, time.monotonic)
        self.reach = reach_of(self.base_url, settings.allow_hosts)
        self.stopped = ""
        self.closed = ""
        self.requests = 0
        self._transport = transport
        self._scheme: AuthScheme | None = None
        self._session = _Session()
        self._login = asyncio.Lock()

    @property
    def renew_on(self) -> tuple[int, ...]:
        """Statuses that a new session may cure."""
        session = self._chosen().session
        return session.renew_on if session is not None else ()

    def stop(self, reason: str) -> None:
        """Let nothing more go there in this run."""
        self.stopped = self.stopped or reason

    def close(self, reason: str) -> None:
        """Let no further call with an effect go there in this run."""
        self.closed = self.closed or reason

    def halted(self) -> bool:
        """Whether nothing more may go there; it may change while a call waits for its slot."""
        return bool(self.stopped)

    async def send(
        self, call: Call, *, before: Callable[[], Awaitable[None]] | None = None, fresh: bool = False
    ) -> Reply:
        """Send a call with credentials once its slot and rate token are in hand; a session is renewed once.

        `before` runs between having the slot and the first byte: that is where an intent becomes durable. When it
        raises, nothing is sent. Raises NotSent instead of calling `before` where nothing new may go there.
        """
        if not self.halted():
            try:
                await self._ensure_session()
            except RunnerError as error:
                self.stop(error.message)
        if self.halted() and before is None:
            return NoAnswer(False, self.stopped)
        async with self.limiter.slot():
            if before is not None:
                if self.stopped or self.closed:
                    raise NotSent(self.stopped or self.closed)
                await before()
            elif self.halted():
                return NoAnswer(False, self.stopped)
            used = self._session
            reply = await self._once(call, fresh)
            if isinstance(reply, Answer) and reply.status in self.renew_on and self._renewable():
                try:
                    await self._ensure_session(ended=used)
                except RunnerError as error:
                    self.stop(error.message)
                    return reply
                reply = await self._once(call, fresh)
        self._learn(reply)
        return reply

    async def ask(self, call: Call, *, retries: int = 3) -> Reply:
        """Send a call that changes nothing there; one that may be repeated is asked again, a little later each time."""
        for attempt in range(retries):
            reply = await self.send(call)
            if not call.repeatable or not _passing(reply) or self.halted():
                return reply
            await asyncio.sleep(random.uniform(0.1, 0.3) * 2**attempt)
        return await self.send(call)

    async def _once(self, call: Call, fresh: bool) -> Reply:
        auth_headers, query = credentials_of(
            self._chosen(), self.settings.auth, self._session.held, self.settings.auth_form
        )
        url = _with_query(self.base_url + call.path, query)
        self.requests += 1
        known = self.provider.operation(call.operation) if call.operation in self.provider.index else None
        headers = tuple(auth_headers.items())
        return await self._transport.send(url, call, headers, fresh=fresh, operation=known)

    def _learn(self, reply: Reply) -> None:
        if isinstance(reply, NoAnswer):
            return
        if reply.status == 429:
            verdict = judge(reply, self.provider.errors)
            self.limiter.hold_still(verdict.retry_after)
        elif reply.status == 401:
            self.stop(f"{self.provider.name} refused the credentials (401)")
        else:
            self.limiter.went_well()

    def _chosen(self) -> AuthScheme:
        if self._scheme is None:
            self._scheme = choose(self.provider, self.settings.auth)
        return self._scheme

    def _renewable(self) -> bool:
        return self._chosen().session is not None

    async def _ensure_session(self, ended: "_Session | None" = None) -> None:
        """Have a session that is good as far as anybody knows; `ended` is one that the API no longer takes."""
        scheme = self._chosen()
        if scheme.session is None or (self._session is not ended and self._session.fresh()):
            return
        async with self._login:
            if self._session is ended or not self._session.fresh():  # else somebody renewed it meanwhile
                self._session = await self._log_in(scheme, self._session.held)

    async def _log_in(self, scheme: AuthScheme, held: dict[str, str]) -> _Session:
        assert scheme.session is not None
        flow = session_flow(self.provider, scheme, self.settings.auth, held)
        try:
            call = next(flow)
            while True:
                reply = await self._ask_for_session(call)
                call = flow.send(reply)
        except StopIteration as end:
            life = scheme.session.life
            return _Session(dict(end.value), None if life is None else time.monotonic() + life)

    async def _ask_for_session(self, call: Call) -> Reply:
        """A login does nothing there that a second one would do twice: one bad moment need not end the run."""
        for attempt in range(LOGINS):
            self.requests += 1
            reply = await self._transport.send(call.absolute or self.base_url + call.path, call, ())
            if not _passing(reply) or attempt == LOGINS - 1:
                break
            await asyncio.sleep(random.uniform(0.1, 0.3) * 2**attempt)
        return reply

    async def signed(self, url: str) -> Signed:
        """A URL with credentials when it is at this account's own base URL, and as it is at any other host."""
        own, other = urlsplit(self.base_url), urlsplit(url)
        if (own.scheme, own.netloc) != (other.scheme, other.netloc):
            return Signed(url)
        await self._ensure_session()
        headers, query = credentials_of(
            self._chosen(), self.settings.auth, self._session.held, self.settings.auth_form
        )
        return Signed(_with_query(url, query), tuple(headers.items()), self._session)

    async def has_ended(self, signed: Signed) -> None:
        """The API no longer takes the session that something was signed with: have another."""
        if isinstance(signed.session, _Session) and self._renewable():
            await self._ensure_session(ended=signed.session)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A slot and a rate token for a request that is not sent by `send`."""
        async with self.limiter.slot():
            self.requests += 1
            yield


def _with_query(url: str, query: Mapping[str, str]) -> str:
    if not query:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(query)


def _passing(reply: Reply) -> bool:
    """Whether asking once more may give a better answer."""
    if isinstance(reply, NoAnswer) or (reply.ok and reply.unreadable):
        return True
    return reply.status >= 500 or reply.status in (408, 425, 429)
