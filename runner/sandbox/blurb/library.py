"""Artists, media bundles and media of the emulated Blurb (vendor's pages)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.sandbox.blurb.replies import answered, error
from runner.sandbox.blurb.rules import ARTIST, BUNDLE, MEDIA, NEW_BUNDLE, NEW_MEDIA, wrong_thing
from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.shape import Field
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import Table, World

ORG = "org-sandbox"
_BUNDLE_SHOWN = (
    "imageAssetId",
    "externalIds",
    "upc",
    "projectNumber",
    "releaseNumber",
    "albumVersion",
    "clientRef",
)
_MEDIA_SHOWN = (
    "audioAssets", "videoAssets", "textAssetsIds", "imageAssetId", "youtubePluginId", "spotifyPluginId",
    "applePluginId", "externalIds", "plainTextLyrics", "language", "isrc", "trackVersion", "trackNumber",
    "discNumber", "clientRef",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Thing:
    """An artist, a media bundle or media; `parent` is the id of the artist or bundle it belongs to."""

    id: str
    name: str
    parent: str
    created_at: float
    updated_at: float
    fields: dict[str, Any] = field(default_factory=dict)


class Library:
    """What batches are made of."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._world = world
        self._clock = clock
        self.artists = world.table("blurb.artist", Thing)
        self.bundles = world.table("blurb.bundle", Thing)
        self.media = world.table("blurb.media", Thing)

    def operations(self) -> tuple[Operation, ...]:
        """The vendor's operations."""
        return (
            Operation("createArtist", "POST", "/v1/artists", self.create_artist),
            Operation("createMediaBundle", "POST", "/v1/mediaBundles", self.create_bundle),
            Operation("updateMediaBundle", "PATCH", "/v1/mediaBundles/{mediaBundleId}", self.update_bundle),
            Operation("createMedia", "POST", "/v1/media", self.create_media),
            Operation("getMedia", "GET", "/v1/media/{mediaId}", self.get_media),
            Operation("updateMedia", "PATCH", "/v1/media/{mediaId}", self.update_media),
        )

    def create_artist(self, ask: Ask) -> Reply:
        """Makes an artist."""
        made = self.add(self.artists, "artist", "", _checked(ask, ARTIST))
        return answered("Artist created", {"artistId": made.id, "name": made.name})

    def create_bundle(self, ask: Ask) -> Reply:
        """Makes a media bundle of an artist."""
        body = _checked(ask, NEW_BUNDLE)
        parent = _there(self.artists, body["artistId"], "artistId", 400).id
        made = self.add(self.bundles, "media-bundle", parent, body)
        return answered("Media bundle created", {"mediaBundleId": made.id, "name": made.name})

    def create_media(self, ask: Ask) -> Reply:
        """Makes media in a bundle."""
        body = _checked(ask, NEW_MEDIA)
        parent = _there(self.bundles, body["mediaBundleId"], "mediaBundleId", 400).id
        made = self.add(self.media, "media", parent, body)
        return answered("Media created", {"mediaId": made.id, "name": made.name})

    def update_bundle(self, ask: Ask) -> Reply:
        """Changes a media bundle."""
        bundle = _there(self.bundles, ask.params["mediaBundleId"], "mediaBundleId", 404)
        body = _checked(ask, BUNDLE)
        parent = _there(self.artists, body.get("artistId", bundle.parent), "artistId", 400).id
        bundle = self._changed(self.bundles, bundle, parent, body)
        shown = {"mediaBundleId": bundle.id, "artistId": bundle.parent}
        return answered("Media bundle updated", _head(bundle) | shown | _shown(bundle, _BUNDLE_SHOWN))

    def get_media(self, ask: Ask) -> Reply:
        """Shows media."""
        return self._media("Media found", _there(self.media, ask.params["mediaId"], "mediaId", 404))

    def update_media(self, ask: Ask) -> Reply:
        """Changes media."""
        media = _there(self.media, ask.params["mediaId"], "mediaId", 404)
        body = _checked(ask, MEDIA)
        parent = _there(self.bundles, body.get("mediaBundleId", media.parent), "mediaBundleId", 400).id
        return self._media("Media updated", self._changed(self.media, media, parent, body))

    def add(self, table: Table[Thing], kind: str, parent: str, fields: Mapping[str, Any]) -> Thing:
        """A new thing with the next number of its kind."""
        number = self._world.facts.get(f"blurb.{kind}", 100) + 1
        self._world.set_fact(f"blurb.{kind}", number)
        now = self._clock.real()
        thing = Thing(f"{kind}-{number}", fields.get("name", ""), parent, now, now, dict(fields))
        table.put(thing.id, thing)
        return thing

    def _changed(self, table: Table[Thing], old: Thing, parent: str, body: Mapping[str, Any]) -> Thing:
        made = Thing(
            old.id, body["name"], parent, old.created_at, self._clock.real(), old.fields | dict(body)
        )
        table.put(old.id, made)
        return made

    def _media(self, message: str, media: Thing) -> Reply:
        bundle = self.bundles.get(media.parent)
        shown = {
            "mediaId": media.id,
            "mediaBundleId": media.parent,
            "artistId": bundle.parent if bundle else "",
            "isActive": True,
        }
        return answered(message, _head(media) | shown | _shown(media, _MEDIA_SHOWN))


def _checked(ask: Ask, fields: Mapping[str, Field]) -> dict[str, Any]:
    body = ask.json()
    if found := wrong_thing(body, fields):
        raise Refusal(error(400, found))
    checked: dict[str, Any] = body
    return checked


def _there(table: Table[Thing], id: str, name: str, status: int) -> Thing:
    thing = table.get(id)
    if thing is None:
        raise Refusal(error(status, f"{name}: there is no {id}"))
    return thing


def _head(thing: Thing) -> dict[str, Any]:
    return {
        "orgId": ORG,
        "createdAt": _time(thing.created_at),
        "updatedAt": _time(thing.updated_at),
        "name": thing.name,
    }


def _time(real: float) -> dict[str, int]:
    return {"seconds": int(real), "nanoseconds": int(real % 1 * 1e9)}


def _shown(thing: Thing, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: thing.fields[name] for name in names if thing.fields.get(name) is not None}
