"""Voices of the emulated Respeecher, what the account says of them, and their samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.catalogue import (
    ACCENTS,
    AGE_GROUPS,
    GENDERS,
    PITCH_GROUPS,
    SPECIES,
    STYLES,
    TTS_VOICES,
    VISIBILITIES,
    VOICES,
)
from runner.sandbox.respeecher.replies import body_id, checked, error, id_in, page, whole_number, word
from runner.sandbox.respeecher.rules import FAVORITE, VOICE_SETTINGS

_WORDS = {
    "visibility": VISIBILITIES,
    "species": SPECIES,
    "gender": GENDERS,
    "age_group": AGE_GROUPS,
    "pitch_group": PITCH_GROUPS,
}
_SORTS = ("name", "pitch", "rating", "created_at")
_LEAST_NAME = 2


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the account says of a voice: `accents` holds a correction for each accent that one was saved for."""

    favorite: bool = False
    style_id: str = ""
    accent_id: str = ""
    accents: Mapping[str, float] = field(default_factory=dict)


class Voices:
    """The operations on voices, accents and TTS voices."""

    def __init__(self, world: World) -> None:
        self._wishes = world.table("respeecher.voice", Wishes)

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations."""
        base = "/api/v2/voices"
        return (
            Operation("listVoices", "GET", base, self.list_voices),
            Operation("searchVoices", "GET", f"{base}/search", self.search),
            Operation("favoriteVoice", "POST", f"{base}/favorite/{{voice_id}}", self.favorite),
            Operation("setVoiceSettings", "POST", f"{base}/settings", self.set_settings),
            Operation("getAccentSamples", "GET", "/api/v2/accents/samples", self.accent_samples),
            Operation(
                "getNarrationStyleSamples", "GET", "/api/v2/narration-styles/samples", self.style_samples
            ),
            Operation("listTtsVoices", "GET", "/api/tts-voices", lambda ask: Reply(value=list(TTS_VOICES))),
        )

    def list_voices(self, ask: Ask) -> Reply:
        """The voices that meet all filters, by name where nothing else is asked for."""
        wanted = {name: word(ask, name, among) for name, among in _WORDS.items()}
        nationality = ask.query.get("nationality", "").casefold()
        found = [
            voice
            for voice in VOICES.values()
            if all(not value or voice[name] == value for name, value in wanted.items())
            and nationality in ("", voice["nationality"].casefold())
        ]
        sort = word(ask, "sort", _SORTS, "name")
        found.sort(key=lambda voice: voice[sort])
        if word(ask, "direction", ("asc", "desc")) == "desc":
            found.reverse()
        return page(ask, found, self._shown, 25, 100)

    def search(self, ask: Ask) -> Reply:
        """Voices with these letters in their names; none for fewer than two."""
        name = ask.query.get("name", "").strip().casefold()
        limit = whole_number(ask, "limit", 5, 10)
        found = [voice for voice in VOICES.values() if name in voice["name"].casefold()]
        shown = [self._shown(voice) for voice in found[:limit]] if len(name) >= _LEAST_NAME else []
        return Reply(value=shown)

    def favorite(self, ask: Ask) -> Reply:
        """Marks a voice, or takes the mark away."""
        id, body = id_in(ask.params, "path", "voice_id"), checked(ask, FAVORITE)
        voice = _voice(id)
        wishes = replace(self._of(voice), favorite=body["favorite"])
        self._wishes.put(voice["id"], wishes)
        return Reply(value=self._shown(voice))

    def set_settings(self, ask: Ask) -> Reply:
        """Saves the favourite style and accent, and a correction for the accent."""
        body = checked(ask, VOICE_SETTINGS)
        voice = _voice(body_id(body, "voice_id"))
        wishes = self._of(voice)
        if style := body_id(body, "narration_style_id"):
            wishes = replace(wishes, style_id=_held(style, STYLES, voice, "Narration style"))
        if accent := body_id(body, "accent_id"):
            wishes = replace(wishes, accent_id=_held(accent, ACCENTS, voice, "Accent"))
            if "semitones_correction" in body:
                corrections = {**wishes.accents, accent: body["semitones_correction"]}
                wishes = replace(wishes, accents=corrections)
        self._wishes.put(voice["id"], wishes)
        return Reply(value=self._shown(voice))

    def accent_samples(self, ask: Ask) -> Reply:
        """The samples of an accent; their form is not documented."""
        return _samples(id_in(ask.query, "query", "accent_id"), ACCENTS, "Accent")

    def style_samples(self, ask: Ask) -> Reply:
        """The samples of a narration style."""
        return _samples(id_in(ask.query, "query", "narration_style_id"), STYLES, "Narration style")

    def _of(self, voice: Mapping[str, Any]) -> Wishes:
        return self._wishes.get(voice["id"]) or Wishes()

    def _shown(self, voice: Mapping[str, Any]) -> dict[str, Any]:
        wishes = self._of(voice)
        accents = [
            {
                **each,
                "settings": {
                    "favorite": each["id"] == wishes.accent_id,
                    "semitones_correction": wishes.accents.get(each["id"], 0),
                },
            }
            for each in voice["accents"]
        ]
        styles = [
            {**each, "settings": {"favorite": each["id"] == wishes.style_id}}
            for each in voice["narration_styles"]
        ]
        return {
            **voice,
            "favorite": wishes.favorite,
            "available": True,
            "accents": accents,
            "narration_styles": styles,
        }


def _voice(id: str) -> Mapping[str, Any]:
    if id not in VOICES:
        raise Refusal(error(404, "Voice not found"))
    return VOICES[id]


def _held(id: str, among: Mapping[str, str], voice: Mapping[str, Any], name: str) -> str:
    if among.get(id) != voice["id"]:
        raise Refusal(error(404, f"{name} not found"))
    return id


def _samples(id: str, among: Mapping[str, str], name: str) -> Reply:
    if id not in among:
        raise Refusal(error(404, f"{name} not found"))
    return Reply(value={"samples": {"default": f"/samples/{id}.mp3"}})
