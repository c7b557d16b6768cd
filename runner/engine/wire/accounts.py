"""One account at one provider: where it is, its credentials and session, its limits, and what stopped it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from runner.api.messages.judge import retry_after
from runner.api.provider import Provider
from runner.engine.wire.addresses import reach_of
from runner.engine.wire.altered import altered_file
from runner.engine.wire.bucket_links import Links
from runner.engine.wire.limits import Limiter, Slot, backoff
from runner.engine.wire.logins import Login, LoginSession, passing
from runner.engine.wire.outage import Outage
from runner.engine.wire.redirects import Signed, moved, origin, with_query
from runner.engine.wire.transport import REDIRECTS, Transport
from runner.model.http import Answer, Call, NoAnswer, Reply
from runner.model.settings import ProviderSettings
from runner.model.units import spell_duration

BRIEF = 2.0
"""Seconds of a pause that an API asked for, up to which a call waits where it stands."""

LONG = 60.0
"""A pause of so many seconds ends a question: whoever asked decides whether to wait."""

MOST_REDIRECTS = 5


class NotSent(Exception):
    """A call with an effect was held back before its intent was recorded; the message says why."""


class Account:
    """Sends calls with credentials. `stopped` says why nothing more may go there in this run, `closed` why nothing
    new may: what runs there is still looked at, and its files are fetched. `links` sign what is published."""

    def __init__(
        self,
        provider: Provider,
        settings: ProviderSettings,
        transport: Transport,
        notice: Callable[[str, str], None] = lambda provider, text: None,
        together: AbstractAsyncContextManager[Any] | None = None,
    ) -> None:
        """`notice` is told, with the provider's name, what people should know of all its calls; `together` lets in the
        calls of all providers, as many as may be under way at once."""
        self.provider = provider
        self.settings = settings
        self.base_url = (settings.base_url or provider.base_url).rstrip("/")
        self.key = f"{provider.name} {self.base_url}"
        self.limiter = Limiter(settings.max_in_flight, settings.rate)
        self.reach = reach_of(self.base_url, settings.allow_hosts)
        self.stopped = ""
        self.closed = ""
        self._sent = 0
        self._transport = transport
        self._notice = notice
        self._together = together or nullcontext()
        self.links: Links | None = None
        self._outage = Outage(provider.name)
        self._announced = 0.0
        self._login = Login(provider, settings, self.base_url, transport)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, logins among them."""
        return self._sent + self._login.requests

    @property
    def renew_on(self) -> tuple[int, ...]:
        """Statuses that a new session may cure."""
        return self._login.renew_on

    def stop(self, reason: str) -> None:
        """Let nothing more go there in this run."""
        self.stopped = self.stopped or reason

    def close(self, reason: str) -> None:
        """Let no further call with an effect go there in this run."""
        self.closed = self.closed or reason

    def halted(self) -> bool:
        """Whether nothing more may go there; it may change while a call waits for its slot."""
        return bool(self.stopped)

    def paused(self) -> float:
        """For how many seconds nothing will be sent, because the provider asked for it."""
        return self.limiter.paused()

    def down(self, waited: float = 0.0) -> float:
        """For how many seconds it is not worth asking, as it has worked before and gives no usable answer now; 0 for
        whoever has `waited` long enough."""
        return self._outage.pause(asyncio.get_running_loop().time(), waited)

    def patience(self) -> str:
        """Until when the provider asked to wait, in words; empty when it did not."""
        pause = self.paused()
        at = datetime.now().astimezone() + timedelta(seconds=pause)
        until = f"{at:%H:%M:%S}" if pause < 12 * 3600 else f"{at:%Y-%m-%d %H:%M}"
        return f"{self.provider.name} asks to wait until {until} ({spell_duration(pause)})" if pause else ""

    async def send(
        self,
        call: Call,
        *,
        before: Callable[[], Awaitable[None]] | None = None,
        fresh: bool = False,
        first: bool = False,
        home: bool = False,
        leaving: Callable[[], None] | None = None,
    ) -> Reply:
        """Send a call with credentials once its slot and rate token are in hand; a session is renewed once.

        `before` runs between having the slot and the first byte: that is where an intent becomes durable. When it
        raises, nothing is sent. Raises NotSent instead of calling `before` where nothing new may go there, NotPublished
        where a link to a published file cannot be signed. `first`: before others who wait for a slot. `home`: what
        another host says, who gets no credentials, is no answer. `leaving` is called when a request leaves.
        """
        if self.halted() and before is None:
            return NoAnswer(False, self.stopped)
        while True:
            async with self.limiter.slot(first, leaving) as slot, self._together:
                await self._have_session(slot)
                if before is not None and (self.stopped or self.closed):
                    raise NotSent(self.stopped or self.closed)
                if self.halted():
                    return NoAnswer(False, self.stopped)
                if self.paused():
                    continue  # asked for while this one waited for others, or logged in: nothing leaves in a pause
                if before is not None:
                    call = await self.links.signed(call) if self.links else call
                    if altered := await altered_file(call):
                        raise NotSent(f"nothing was sent: {altered}")
                    await before()
                reply = await self._renewing(call, slot, fresh, home)
            return self.links.bare(reply) if self.links else reply

    async def _renewing(self, call: Call, slot: Slot, fresh: bool, home: bool) -> Reply:
        """The answer; once more with a new session where the API says that this one has ended."""
        used = self._login.session
        reply = await self._followed(call, slot, fresh, home)
        if isinstance(reply, Answer) and reply.status in self._login.renew_on and self._login.renewable:
            await self._have_session(slot, ended=used)
            if self.halted():
                return reply
            reply = await self._followed(call, slot, fresh, home)
        self._learn(reply, slot)
        if isinstance(reply, NoAnswer) and not reply.left and (pause := self.down()):
            return replace(reply, again=pause)
        return reply

    async def ask(
        self,
        call: Call,
        *,
        retries: int = 3,
        first: bool = False,
        home: bool = False,
        leaving: Callable[[], None] | None = None,
    ) -> Reply:
        """Send a call that changes nothing there; one that may be repeated is asked again, a little later each time.

        No question outlasts a long pause that the provider asks for. `first`, `home` and `leaving` as in `send`.
        """
        for attempt in range(retries + 1):
            if self.paused() > LONG:
                return NoAnswer(False, self.patience())
            reply = await self.send(call, first=first, home=home, leaving=leaving)
            if attempt == retries or not call.repeatable or not passing(reply) or self.halted():
                break
            if self.paused() <= LONG:
                await asyncio.sleep(backoff(attempt))
        return reply

    async def _followed(self, call: Call, slot: Slot, fresh: bool, home: bool) -> Reply:
        """The answer, after redirects where a call only reads: those of the same origin with the credentials, others
        without them and within the reach of an answer's addresses. Any other call's redirect is its answer."""
        url = self._start(call)
        reply = first = await self._once(call, url, slot, fresh)
        for _ in range(MOST_REDIRECTS):
            if not isinstance(reply, Answer) or reply.status not in REDIRECTS:
                break
            url = urljoin(url, reply.headers.get("location", ""))
            if call.method not in ("GET", "HEAD") or (home and origin(url) != origin(self.base_url)):
                return moved(reply, url)
            reply = await self._once(call, url, slot, fresh)
            if origin(url) != origin(self.base_url) and not (isinstance(reply, Answer) and reply.ok):
                assert isinstance(first, Answer)
                return moved(first, url)
        return reply

    def _start(self, call: Call) -> str:
        return with_query(self.base_url + call.path, self._login.credentials()[1])

    async def _once(self, call: Call, url: str, slot: Slot, fresh: bool) -> Reply:
        self._sent += 1
        known = self.provider.operation(call.operation) if call.operation in self.provider.index else None
        await slot.again()
        if origin(url) == origin(self.base_url):
            headers = tuple(self._login.credentials()[0].items())
            return await self._transport.send(
                url, call, headers, fresh=fresh, operation=known, leaving=slot.leaves
            )
        return await self._transport.send(
            url, replace(call, headers=()), (), operation=known, reach=self.reach, leaving=slot.leaves
        )

    def _learn(self, reply: Reply, slot: Slot) -> None:
        now = asyncio.get_running_loop().time()
        if isinstance(reply, NoAnswer) or reply.status >= 500:
            self._failed(reply.message if isinstance(reply, NoAnswer) else f"it answers {reply.status}", now)
        elif reply.status != 429 and (said := self._outage.worked(now)):
            self._notice(self.provider.name, said)
        if isinstance(reply, NoAnswer):
            return
        if reply.status == 429 or (reply.status == 503 and "retry-after" in reply.headers):
            self.limiter.refused(retry_after(reply.headers), slot.began)
            if self.paused() > BRIEF and now + self.paused() > self._announced + BRIEF:
                self._announced = now + self.paused()
                self._notice(self.provider.name, f"{self.patience()}; nothing is sent there until then")
        elif reply.status == 401:
            self.stop(f"{self.provider.name} refused the credentials (401)")
        elif reply.status < 500:
            self.limiter.went_well()

    def _failed(self, message: str, now: float) -> None:
        if said := self._outage.failed(now, message):
            self._notice(self.provider.name, said)
        if said := self._outage.over(now, message):
            self.stop(said)

    async def _have_session(self, slot: Slot, ended: LoginSession | None = None) -> None:
        """Have a session that is good as far as anybody knows, or stop; `ended` is one that the API no longer takes."""
        if not self.halted() and (refused := await self._login.have(slot, ended)):
            self.stop(refused)

    async def signed(self, url: str) -> Signed:
        """A URL with credentials when it is at this account's own base URL, and as it is at any other host."""
        if origin(url) != origin(self.base_url):
            return Signed(url)
        await self._session_for_downloads()
        headers, query = self._login.credentials()
        return Signed(with_query(url, query), tuple(headers.items()), self._login.session)

    async def has_ended(self, signed: Signed) -> None:
        """The API no longer takes the session that something was signed with: have another."""
        if isinstance(signed.session, LoginSession) and self._login.renewable:
            await self._session_for_downloads(ended=signed.session)

    async def _session_for_downloads(self, ended: LoginSession | None = None) -> None:
        session = self._login.session
        if self._login.renewable and (session is ended or not session.fresh()):
            async with self.limiter.slot() as slot:
                await self._have_session(slot, ended)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A slot and a rate token for a request that is not sent by `send`."""
        async with self.limiter.slot() as slot:
            self._sent += 1
            slot.leaves()
            yield
