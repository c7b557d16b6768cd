"""Projects and batches of the emulated ReVoice: what is kept of them, and how far a batch is at a time."""

from dataclasses import dataclass
from typing import Any

from runner.sandbox.ground.clock import Clock, iso, share

WORK = 120.0
"""Virtual seconds that one language of a batch takes, a fifth more or less."""
_STUCK_AT = 40
_FAILURE = "The batch could not be processed."


@dataclass(frozen=True, slots=True)
class Project:
    """A project. `created_at` is real time."""

    id: str
    name: str
    type: str
    model: str
    languages: list[str]
    source_language: str
    created_at: float

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        created = iso(self.created_at)
        return {
            "id": self.id,
            "name": self.name,
            "status": "ACTIVE",
            "type": self.type,
            "model": self.model,
            "createdAt": created,
            "updatedAt": created,
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch. `translations` holds `[language, begin, end]` in virtual time, `members` `[user,
    language]`."""

    id: str
    project: str
    name: str
    created_at: float
    born: float
    ends_at: float
    casting: bool
    fails: bool
    translations: list[list[Any]]
    members: list[list[str]]
    request: dict[str, Any]

    def stamp(self, now: float) -> tuple[int, ...]:
        """All that a batch's looks depend on: the percentage of each translation."""
        return tuple(_percentage(translation, now, self.fails) for translation in self.translations)


def new_batch(
    id: str, project: Project, name: str, languages: list[str], request: dict[str, Any], clock: Clock
) -> Batch:
    """A batch that begins now. A name that holds `fail` makes it fail on its way."""
    settings = request.get("settings", {})
    translations = [translation(id, language, clock) for language in languages]
    return Batch(
        id=id,
        project=project.id,
        name=name,
        created_at=clock.real(),
        born=clock.virtual(),
        ends_at=_end(translations, clock),
        casting=project.type == "audio-production" or settings.get("autoCasting", True),
        fails="fail" in name.lower(),
        translations=translations,
        members=[],
        request=request,
    )


def translation(batch: str, language: str, clock: Clock) -> list[Any]:
    """Work on a language that begins now."""
    now = clock.virtual()
    return [language, now, now + WORK * (0.8 + 0.4 * share(f"{batch}/{language}"))]


def with_languages(batch: Batch, languages: list[str], clock: Clock) -> dict[str, Any]:
    """The changes to a batch that gets more languages."""
    translations = [*batch.translations, *(translation(batch.id, language, clock) for language in languages)]
    return {"translations": translations, "ends_at": _end(translations, clock)}


def shown(batch: Batch, now: float) -> dict[str, Any]:
    """As the list and the single read show it."""
    parts = batch.stamp(now)
    percentage = sum(parts) // len(parts)
    failed = batch.fails and percentage >= _STUCK_AT
    word = "FAILED" if failed else "COMPLETED" if percentage == 100 else "IN_PROGRESS"
    return {
        "id": batch.id,
        "projectId": batch.project,
        "name": batch.name,
        "status": word,
        "message": _FAILURE if failed else "",
        "completionPercentage": percentage,
        "translations": [
            {
                "languageId": language,
                "isCompleted": part == 100,
                "status": "COMPLETED" if part == 100 else "FAILED" if failed else "IN_PROGRESS",
            }
            for (language, *_), part in zip(batch.translations, parts, strict=True)
        ],
        "isCastingCompleted": batch.casting and percentage >= 10,
        "createdAt": iso(batch.created_at),
        "updatedAt": iso(batch.ends_at if percentage == 100 else batch.created_at),
    }


def shown_as_created(batch: Batch, now: float) -> dict[str, Any]:
    """As the answer of a create shows it: no message, and each translation with a type."""
    answer = shown(batch, now)
    del answer["message"]
    answer["translations"] = [
        {"languageId": each["languageId"], "type": "target", **each} for each in answer["translations"]
    ]
    return answer


def _percentage(translation: list[Any], now: float, fails: bool) -> int:
    _, begin, end = translation
    done = int(100 * min(1.0, max(0.0, (now - begin) / (end - begin))))
    return min(done, _STUCK_AT) if fails else done


def _end(translations: list[list[Any]], clock: Clock) -> float:
    return clock.real_of(max(end for _, _, end in translations))
