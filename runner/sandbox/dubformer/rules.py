"""What the emulated Dubformer accepts: the documented fields and rules of its two request bodies."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from runner.sandbox.dubformer.catalogue import EMOTIONAL_LANGS, SOURCE_LANGS, TARGET_LANGS, voices_of
from runner.sandbox.ground.shape import Field, is_url, wrong

MIXING_MODES = ("voiceover_only", "voiceover_with_original_track", "voiceover_without_original_voice")
DEFAULT_MIXING_MODE = "voiceover_with_original_track"
VOLUMES = ("very_quiet", "quieter", "normal", "louder", "very_loud")

_PROJECT = Field(
    "object",
    fields={
        "name": Field("string"),
        "source_lang": Field("string", required=True),
        "target_lang": Field("string", required=True),
        "source_video_url": Field("string", required=True, blank=False),
        "mixing_mode": Field("string", among=MIXING_MODES),
        "use_emotional_transfer": Field("boolean"),
        "use_soundalike_voices": Field("boolean"),
        "source_script_content": Field("string"),
        "glossary_content": Field("string"),
    },
)
_LINE = Field(
    "object",
    fields={
        "start_ms": Field("number", required=True, low=0),
        "end_ms": Field("number", required=True, low=0),
        "text": Field("string", required=True, blank=False),
        "speaker_id": Field("number", required=True),
    },
)
_SPEAKER = Field(
    "object",
    fields={
        "speaker_id": Field("number", required=True),
        "voice_key": Field("string", required=True, blank=False),
        "style": Field("string", required=True, among=("masculine", "feminine")),
    },
)
_TRANSLATION = Field(
    "object",
    fields={
        "target_script": Field("array", required=True, blank=False, item=_LINE),
        "target_speakers": Field("array", required=True, blank=False, item=_SPEAKER),
        "mixing_mode": Field("string", among=MIXING_MODES),
        "use_fixed_timings": Field("boolean"),
        "tts_volume": Field("string", among=VOLUMES),
    },
)


def wrong_project(body: Any) -> str | None:
    """What is wrong with the body of a create, or None."""
    if found := wrong(body, _PROJECT):
        return found
    if body["source_lang"] not in SOURCE_LANGS:
        return f"Unknown source_lang {body['source_lang']}"
    if body["target_lang"] not in TARGET_LANGS:
        return f"Unknown target_lang {body['target_lang']}"
    if body.get("use_emotional_transfer") and body["target_lang"].partition("-")[0] not in EMOTIONAL_LANGS:
        return f"use_emotional_transfer is not available for {body['target_lang']}"
    return None


def wrong_video(url: str) -> str | None:
    """What is wrong with a source video, or None. A path that ends in `.broken` is a video that cannot be
    read."""
    if not is_url(url):
        return "source_video_url must be an http or https URL"
    return "The source video cannot be read" if urlsplit(url).path.endswith(".broken") else None


def needs_subscription(body: Mapping[str, Any]) -> str | None:
    """The first field of a create that only subscribers may use, or None."""
    for name in ("use_soundalike_voices", "source_script_content", "glossary_content"):
        if body.get(name):
            return name
    return None


def wrong_translation(body: Any, target_lang: str, withdrawn: str = "") -> str | None:
    """What is wrong with the body of a re-translation of a project in this language, or None."""
    if found := wrong(body, _TRANSLATION):
        return found
    known = {voice["voice_key"] for voice in voices_of(target_lang, withdrawn)} | {"soundalike"}
    if target_lang.partition("-")[0] in EMOTIONAL_LANGS:
        known.add("emotional_transfer")
    speakers = set()
    for speaker in body["target_speakers"]:
        if speaker["speaker_id"] in speakers:
            return f"Duplicate speaker ID {speaker['speaker_id']} in target_speakers"
        speakers.add(speaker["speaker_id"])
        if speaker["voice_key"] not in known:
            return f"Unknown voice {speaker['voice_key']}"
    for line in body["target_script"]:
        if line["start_ms"] >= line["end_ms"]:
            return "Invalid timing: start_ms must be less than end_ms"
        if line["speaker_id"] not in speakers:
            return f"Speaker ID {line['speaker_id']} referenced in script but not found in target_speakers"
    return None
