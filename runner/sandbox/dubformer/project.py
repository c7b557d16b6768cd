"""A project of the emulated Dubformer: what is kept of it, how it is made, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runner.sandbox.dubformer.catalogue import VOICES
from runner.sandbox.dubformer.rules import DEFAULT_MIXING_MODE
from runner.sandbox.ground.clock import Clock, iso, share

WORK = 120.0
"""Virtual seconds that a project is said to take; it takes a fifth more or less."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project. Times named `*_at` are real, `born` and `due` virtual; `error` is empty when it ends
    well."""

    id: str
    name: str
    source_lang: str
    target_lang: str
    mixing_mode: str
    cost_minutes: float
    created_at: float
    born: float
    due: float
    estimated_at: float
    completed_at: float
    translations_count: int
    error: str
    script: list[dict[str, Any]]
    target_script: list[dict[str, Any]]
    target_speakers: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an Idempotency-Key was used for: the request, and the answer to give again."""

    path: str
    digest: str
    answer: dict[str, Any]


def new_project(id: str, body: Mapping[str, Any], cost: float, clock: Clock) -> Project:
    """A project as it is just after its create. Its sound, film and lines depend on the id and the
    languages."""
    url, target = urlsplit(body["source_video_url"]), body["target_lang"]
    speakers = _speakers(body)
    return Project(
        id=id,
        name=body.get("name", PurePosixPath(url.path).stem),
        source_lang=body["source_lang"],
        target_lang=target,
        mixing_mode=body.get("mixing_mode", DEFAULT_MIXING_MODE),
        cost_minutes=cost,
        created_at=clock.real(),
        born=clock.virtual(),
        translations_count=0,
        error="An error occurred during processing." if "fail" in url.path else "",
        script=_lines(body["source_lang"], speakers),
        target_script=_lines(target, speakers),
        target_speakers=speakers,
        **_times(id, clock),
    )


def translated_again(project: Project, body: Mapping[str, Any], clock: Clock) -> Project:
    """A project whose lines are spoken anew, from now on."""
    count = project.translations_count + 1
    when = _times(f"{project.id}/{count}", clock)
    return replace(
        project,
        mixing_mode=body.get("mixing_mode", DEFAULT_MIXING_MODE),
        translations_count=count,
        target_script=body["target_script"],
        target_speakers=body["target_speakers"],
        due=when["due"],
        estimated_at=when["estimated_at"],
        completed_at=when["completed_at"],
    )


def _times(text: str, clock: Clock) -> dict[str, float]:
    """When work that begins now ends; `text` decides how long it takes."""
    start = clock.virtual()
    due = start + WORK * (0.8 + 0.4 * share(text))
    return {"due": due, "estimated_at": clock.real_of(start + WORK), "completed_at": clock.real_of(due)}


def status_of(project: Project, now: float) -> str:
    """The documented status word at a virtual time."""
    if now < project.due:
        return "in_progress"
    return "error" if project.error else "ready"


def summary(project: Project, now: float) -> dict[str, Any]:
    """A project as the list shows it."""
    return {
        "project_id": project.id,
        "name": project.name,
        "status": status_of(project, now),
        "source_lang": project.source_lang,
        "target_lang": project.target_lang,
        "cost_minutes": project.cost_minutes,
        "created_date": iso(project.created_at),
    }


def minutes(url: str) -> float:
    """What a source video costs: `?minutes=N` in its URL, or 1 to 20 by the URL itself."""
    told = parse_qs(urlsplit(url).query).get("minutes", [""])[0]
    return int(told) if told.isdecimal() and len(told) < 10 else 1 + int(share(url) * 20)


def _speakers(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Two speakers: with the first stock voice of each style, or as the request's flags say."""
    special = "emotional_transfer" if body.get("use_emotional_transfer") else ""
    special = special or ("soundalike" if body.get("use_soundalike_voices") else "")
    voices = {voice["style"]: voice["voice_key"] for voice in reversed(VOICES[body["target_lang"]])}
    return [
        {"speaker_id": number, "voice_key": special or voices[style], "style": style}
        for number, style in enumerate(("feminine", "masculine"), 1)
    ]


def _lines(lang: str, speakers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "start_ms": 100 + 2000 * index,
            "end_ms": 1544 + 2000 * index,
            "text": f"[{lang}] Line {index + 1}",
            "speaker_id": speakers[index % len(speakers)]["speaker_id"],
        }
        for index in range(3)
    ]
