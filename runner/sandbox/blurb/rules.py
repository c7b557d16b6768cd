"""What the emulated Blurb checks in the bodies of requests, by the text and the vendor's pages."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from runner.sandbox.ground.shape import Field, is_url, wrong

_TEXT = Field("string")
_NAME = Field("string", required=True, blank=False)
_NAMED = {"name": _TEXT, "artworkUrl": _TEXT}
_PARTY = {
    "artist": Field("object", fields=_NAMED),
    "mediaBundle": Field("object", fields=_NAMED),
    "media": Field("object", fields={**_NAMED, "audioUrl": _TEXT}),
}
_ID = Field("string", blank=False)
_SECONDS = Field("number", low=0)
_RENDER = Field(
    "object",
    fields={
        "contentId": _TEXT,
        "requiredData": Field("object"),
        "videoSettings": Field(
            "object",
            fields={
                "numVideos": Field("integer", low=1),
                "aspectRatio": _TEXT,
                "audioStartEndSecs": Field("object", fields={"start": _SECONDS, "end": _SECONDS}),
                "outputQuality": _TEXT,
            },
        ),
    },
)
_BATCH = {
    "ref": _TEXT,
    "webhookUrl": _TEXT,
    "serviceParams": Field("object"),
    "renders": Field("array", required=True, blank=False, item=_RENDER),
    "effectOverrides": Field("object"),
    "assetOverrides": Field("object"),
    "dryRun": Field("boolean"),
    "useV3": Field("boolean"),
}
_EXTERNAL = Field("object", fields=dict.fromkeys(("appleMusic", "spotify", "youtube"), _TEXT))
_ANY = {"imageUrl": _TEXT, "clientRef": _TEXT}
_BUNDLE = {
    **_ANY,
    "externalIds": _EXTERNAL,
    **dict.fromkeys(("artistId", "upc", "projectNumber", "releaseNumber", "albumVersion"), _TEXT),
}
_LANGUAGES = ("en", "hi", "zh", "es", "pt", "fr", "ja", "de")
_MEDIA = {
    "imageUrl": _TEXT,
    "language": Field("string", among=_LANGUAGES),
    "trackNumber": Field("number"),
    "discNumber": Field("number"),
    "videoUrls": Field("array", item=_TEXT),
    **dict.fromkeys(("mediaBundleId", "plainTextLyrics", "isrc", "trackVersion", "audioUrl"), _TEXT),
    **dict.fromkeys(("youtubeUrl", "spotifyUrl", "appleMusicUrl"), _TEXT),
}
_CHANGE = {
    **_MEDIA,
    "clientRef": _TEXT,
    "instrumentalAudioUrl": _TEXT,
    "audioAssets": Field("object"),
    "videoAssets": Field("array", item=Field("object", fields={"aspectRatio": _TEXT, "id": _TEXT})),
    **dict.fromkeys(("imageAssetId", "youtubePluginId", "spotifyPluginId", "applePluginId"), _TEXT),
}
_NULLABLE = {
    *("assetOverrides", "upc", "projectNumber", "releaseNumber", "albumVersion"),
    *("plainTextLyrics", "language", "trackVersion", "trackNumber", "discNumber"),
}

ARTIST: Mapping[str, Field] = {**_ANY, "name": _NAME, "externalIds": _EXTERNAL}
NEW_BUNDLE: Mapping[str, Field] = {**_BUNDLE, "name": _NAME, "artistId": _NAME}
BUNDLE: Mapping[str, Field] = {**_BUNDLE, "name": _NAME}
NEW_MEDIA: Mapping[str, Field] = {**_MEDIA, "name": _NAME, "mediaBundleId": _NAME}
MEDIA: Mapping[str, Field] = {**_CHANGE, "name": _NAME}


def wrong_batch(body: Any) -> str | None:
    """The first thing that is wrong with a new batch, or None."""
    if not isinstance(body, dict):
        return "the body must be an object"
    for name, form in _PARTY.items():
        if name not in body:
            return f"{name} is required"
        if found := wrong(body[name], _ID if isinstance(body[name], str) else form, name):
            return found
        if isinstance(body[name], dict) and (found := _wrong_urls(body[name], f"{name}.")):
            return found
    rest = {name: value for name, value in body.items() if name not in _PARTY}
    return wrong_thing(rest, _BATCH) or next(filter(None, map(_wrong_cut, enumerate(body["renders"]))), None)


def wrong_thing(body: Any, fields: Mapping[str, Field]) -> str | None:
    """The first thing that is wrong with a body of these fields, or None."""
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if value is not None or name not in _NULLABLE}
    if found := wrong(body, Field("object", fields=fields)):
        return found
    return _wrong_urls(body)


def _wrong_urls(held: Mapping[str, Any], prefix: str = "") -> str | None:
    for name, value in held.items():
        if not name.endswith(("Url", "Urls")):
            continue
        for url in value if isinstance(value, list) else [value]:
            if not is_url(url):
                return f"{prefix}{name} must be a URL"
            if name == "audioUrl" and not urlsplit(url).path.lower().endswith(".mp3"):
                return f"{prefix}{name} must be an mp3"
    return None


def _wrong_cut(numbered: tuple[int, Mapping[str, Any]]) -> str | None:
    index, render = numbered
    cut = render.get("videoSettings", {}).get("audioStartEndSecs", {})
    if "start" in cut and "end" in cut and cut["end"] <= cut["start"]:
        return f"renders[{index}].videoSettings.audioStartEndSecs.end must be after its start"
    return None
