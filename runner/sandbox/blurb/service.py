"""Blurb, emulated: batches of renders with notifications, and artists, media bundles and media (vendor's pages).

Where the API's texts say nothing, this is chosen: success is 200, errors are 400, 401 and 404 in the documented
envelope; the short answer comes to a create with objects alone, the long one as soon as there is an id; objects make
an artist, a bundle and media; an entry of `renders` makes one render, whatever its `numVideos`; a render whose
`contentId` or `customText` holds `fail` ends in `FAILED`, and so does then its batch; a dry run makes a batch that
stays PENDING and is not charged; a repeated `ref` makes another batch.
"""

import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from runner.sandbox.blurb.batch import Batch, new_renders, shown, shown_shortly
from runner.sandbox.blurb.library import Library, Thing
from runner.sandbox.blurb.notices import Notices
from runner.sandbox.blurb.replies import answered, error
from runner.sandbox.blurb.rules import wrong_batch
from runner.sandbox.ground.clock import Clock, iso
from runner.sandbox.ground.credentials import CREDENTIALS
from runner.sandbox.ground.faults import Faults
from runner.sandbox.ground.media import Media
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import Table, World


class Blurb:
    """The API on a world."""

    name = "blurb"

    def __init__(self, world: World, clock: Clock, faults: Faults, media: Media) -> None:
        self._world = world
        self._clock = clock
        self._media = media
        self._library = Library(world, clock)
        self._batches = world.table("blurb.batch", Batch)
        self._notices = Notices(world, clock, faults, self._batches, self._urls)

    def operations(self) -> tuple[Operation, ...]:
        """The operations of the text, and of the vendor's other pages."""
        return (
            Operation("createBatch", "POST", "/v1/batches", self.create_batch),
            Operation("getBatch", "GET", "/v1/batches/{batchId}", self.get_batch),
            *self._library.operations(),
        )

    def refused(self, ask: Ask) -> Reply | None:
        """401 unless the request carries the right bearer token."""
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), CREDENTIALS[self.name]["token"].encode())
        return None if scheme.lower() == "bearer" and right else error(401, "Unauthorized")

    def unreadable(self, reason: str) -> Reply:
        """400 for a body that is no JSON."""
        return error(400, reason)

    def broken(self, status: int) -> Reply:
        """An injected failure."""
        return error(status, "Internal server error" if status >= 500 else "Something went wrong")

    async def work(self) -> None:
        """What the API does by itself; never returns."""
        await self._notices.work()

    async def close(self) -> None:
        """Closes what was opened for notifying."""
        await self._notices.close()

    def create_batch(self, ask: Ask) -> Reply:
        """Takes a batch in."""
        body = ask.json()
        if found := wrong_batch(body):
            raise Refusal(error(400, found))
        artist, bundle, media = self._made_of(body)
        id = f"batch-{secrets.token_hex(8)}"
        batch = Batch(
            id=id,
            ref=body.get("ref", ""),
            artist=artist.id,
            bundle=bundle.id,
            media=media.id,
            created_at=self._clock.real(),
            born=self._clock.virtual(),
            origin=ask.origin,
            webhook_url=body.get("webhookUrl", ""),
            dry=body.get("dryRun", False),
            renders=new_renders(body, id, media.name, self._clock),
        )
        self._batches.put(id, batch)
        if not batch.dry:
            self._world.accept(
                at=iso(self._clock.real()),
                provider=self.name,
                operation=ask.operation,
                name=batch.ref,
                id=id,
                request=body,
            )
            self._notices.begin(batch)
        short = all(isinstance(body[name], dict) for name in ("artist", "mediaBundle", "media"))
        data = shown_shortly(batch, batch.born) if short else shown(batch, batch.born, {}, created=True)
        return answered("Batch created successfully", data)

    def get_batch(self, ask: Ask) -> Reply:
        """A batch with its renders."""
        batch = self._batches.get(ask.params["batchId"])
        if batch is None:
            raise Refusal(error(404, "Batch not found", batchId=ask.params["batchId"]))
        now = self._clock.virtual()
        return answered("Batch retrieved successfully", shown(batch, now, self._urls(batch, ask.origin)))

    def _made_of(self, body: Mapping[str, Any]) -> tuple[Thing, Thing, Thing]:
        """The artist, the bundle and the media that a batch names by id, or makes."""
        library = self._library
        wanted = (
            ("artist", "artist", library.artists),
            ("mediaBundle", "media-bundle", library.bundles),
            ("media", "media", library.media),
        )
        for name, _, table in wanted:
            if isinstance(body[name], str) and table.get(body[name]) is None:
                raise Refusal(error(400, f"{name}: there is no {body[name]}"))
        things: list[Thing] = []
        for name, kind, table in wanted:
            parent = things[-1].id if things else ""
            things.append(self._thing(table, kind, parent, body[name]))
        return things[0], things[1], things[2]

    def _thing(self, table: Table[Thing], kind: str, parent: str, given: Any) -> Thing:
        held = table.get(given) if isinstance(given, str) else None
        return held or self._library.add(table, kind, parent, given)

    def _urls(self, batch: Batch, origin: str) -> dict[str, str]:
        return {
            render["id"]: origin + self._media.path(self.name, render["id"], render["fileName"])
            for render in batch.renders
        }
