"""Dubformer, emulated: projects, re-translations, options, voices, balance (the nine documented operations).

Where the API's text says nothing, this is chosen: success is always 200; an unknown project is 404
`NotFoundError`; an invalid re-translation is 400 also when it is only validated; only a `ready` project can
be translated again; nothing is refunded. A source URL whose path holds `fail` ends in `error`; `?minutes=N`
in it sets the cost.
"""

import hmac
from fnmatch import fnmatchcase
from typing import Any

from runner.sandbox.dubformer.catalogue import SOURCE_LANGS, TARGET_LANGS, VOICES, voices_of
from runner.sandbox.dubformer.project import (
    Project,
    Remembered,
    minutes,
    new_project,
    status_of,
    summary,
    translated_again,
)
from runner.sandbox.dubformer.rules import (
    needs_subscription,
    wrong_project,
    wrong_translation,
    wrong_video,
)
from runner.sandbox.ground.clock import Clock, iso
from runner.sandbox.ground.credentials import CREDENTIALS
from runner.sandbox.ground.faults import FaultPlan, Faults
from runner.sandbox.ground.listing import EncodedItems, array, visible
from runner.sandbox.ground.media import Media
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World

BALANCE = 100_000.0
"""Minutes on a new account."""

_FIRST_ID = 10001
_STATUS = {
    400: "ValidationError",
    401: "UnauthorizedError",
    402: "PaymentRequiredError",
    404: "NotFoundError",
}


class Dubformer:
    """The API on a world."""

    name = "dubformer"

    def __init__(self, world: World, clock: Clock, faults: Faults, media: Media) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._media = media
        self._projects = world.table("dubformer.project", Project)
        self._keys = world.table("dubformer.key", Remembered)
        self._items: EncodedItems[Project] = EncodedItems(self._summary)
        self.configure(faults.plan, anew=False)

    def configure(self, plan: FaultPlan, anew: bool = True) -> None:
        """Takes over the plan's balance: always when told anew, and otherwise when it is another than the
        last."""
        told = plan.conduct.balance
        if told is not None and (anew or self._world.facts.get("dubformer.told_balance") != told):
            self._world.set_fact("dubformer.told_balance", told)
            self._world.set_fact("dubformer.balance", told)

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations."""
        return (
            Operation("createProject", "POST", "/api/v1/projects", self.create_project),
            Operation("listProjects", "GET", "/api/v1/projects", self.list_projects),
            Operation("getProject", "GET", "/api/v1/projects/{id}", self.get_project),
            Operation("deleteProject", "DELETE", "/api/v1/projects/{id}", self.delete_project),
            Operation(
                "createTranslation", "POST", "/api/v1/projects/{id}/translations", self.create_translation
            ),
            Operation(
                "validateTranslation",
                "POST",
                "/api/v1/projects/{id}/validate-translation-request",
                self.validate_translation,
            ),
            Operation("getOptions", "GET", "/api/v1/options", self.get_options),
            Operation("getVoices", "GET", "/api/v1/voices", self.get_voices),
            Operation("getBalance", "GET", "/api/v1/balance", self.get_balance),
        )

    def refused(self, ask: Ask) -> Reply | None:
        """401 unless the request carries the right key as a bearer token."""
        scheme, _, token = ask.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.strip().encode(), CREDENTIALS["dubformer"]["token"].encode())
        return None if scheme.lower() == "bearer" and right else error(401, "Invalid API key")

    def unreadable(self, reason: str) -> Reply:
        """400 for a body that is no JSON."""
        return error(400, reason)

    def broken(self, status: int) -> Reply:
        """An injected failure."""
        return Reply(
            status, {"error": _STATUS.get(status, "InternalError"), "message": "Something went wrong"}
        )

    @property
    def balance(self) -> float:
        """Minutes left."""
        return float(self._world.facts.get("dubformer.balance", BALANCE))

    def create_project(self, ask: Ask) -> Reply:
        """Creates a project and charges its minutes."""
        if (again := self._again(ask)) is not None:
            return again
        body = ask.json()
        if found := wrong_project(body):
            raise Refusal(error(400, found))
        if found := wrong_video(body["source_video_url"]):
            raise Refusal(error(400, found, "VideoInfoError"))
        if not self._faults.conduct.subscription and (name := needs_subscription(body)):
            raise Refusal(error(402, f"{name} needs a subscription"))
        cost = minutes(body["source_video_url"])
        if cost > self.balance:
            raise Refusal(error(402, "Insufficient balance for this project"))
        number = self._world.facts.get("dubformer.next", _FIRST_ID)
        self._world.set_fact("dubformer.next", number + 1)
        self._world.set_fact("dubformer.balance", self.balance - cost)
        project = new_project(str(number), body, cost, self._clock)
        self._projects.put(project.id, project)
        return self._accepted(ask, project, body, cost)

    def list_projects(self, ask: Ask) -> Reply:
        """All projects, oldest first."""
        now = self._clock.virtual()
        shown = visible(self._projects, lambda project: project.born, now, self._faults.conduct)
        items = (
            self._items.encoded(each.id, (each.due, each.due <= now, self._endless(each)), each)
            for each in shown
        )
        return Reply(raw=b'{"projects":' + array(items) + b"}")

    def get_project(self, ask: Ask) -> Reply:
        """A project's details, which depend on its status."""
        project = self._project(ask)
        status = status_of(project, self._seen_at(project))
        shown = {
            "name": project.name,
            "source_lang": project.source_lang,
            "target_lang": project.target_lang,
            "mixing_mode": project.mixing_mode,
            "cost_minutes": project.cost_minutes,
            "created_date": iso(project.created_at),
            "status": self._word(project, status),
        }
        if status == "in_progress":
            shown["estimated_completion_date"] = iso(project.estimated_at)
        elif status == "error":
            shown["error_message"] = project.error
        else:
            shown |= self._results(project, ask.origin)
        return Reply(value=shown)

    def delete_project(self, ask: Ask) -> Reply:
        """Forgets a project."""
        project = self._project(ask)
        self._projects.remove(project.id)
        self._items.forget(project.id)
        return Reply(value={"success": True})

    def create_translation(self, ask: Ask) -> Reply:
        """Starts a finished project again with other lines and voices, free of charge."""
        if (again := self._again(ask)) is not None:
            return again
        project, body = self._checked_translation(ask)
        project = translated_again(project, body, self._clock)
        self._projects.put(project.id, project)
        return self._accepted(ask, project, body, 0)

    def validate_translation(self, ask: Ask) -> Reply:
        """Says whether a re-translation would be accepted."""
        self._checked_translation(ask)
        return Reply(value={"valid": True})

    def get_options(self, ask: Ask) -> Reply:
        """The languages."""
        return Reply(value={"source_langs": SOURCE_LANGS, "target_langs": TARGET_LANGS})

    def get_voices(self, ask: Ask) -> Reply:
        """The voices by target language."""
        offered = {lang: voices_of(lang, self._faults.conduct.withdrawn) for lang in VOICES}
        return Reply(value={"voices": offered})

    def get_balance(self, ask: Ask) -> Reply:
        """The minutes left."""
        return Reply(value={"balance_minutes": _whole(self.balance)})

    def _project(self, ask: Ask) -> Project:
        project = self._projects.get(ask.params["id"])
        if project is None:
            raise Refusal(error(404, "Project not found"))
        return project

    def _endless(self, project: Project) -> bool:
        return bool(self._faults.conduct.endless) and fnmatchcase(project.name, self._faults.conduct.endless)

    def _seen_at(self, project: Project) -> float:
        """The moment as which a project is shown: that of its birth when its work never ends."""
        return project.born if self._endless(project) else self._clock.virtual()

    def _word(self, project: Project, status: str) -> str:
        return (self._faults.conduct.status or status) if self._endless(project) else status

    def _summary(self, project: Project) -> dict[str, Any]:
        shown = summary(project, self._seen_at(project))
        return {**shown, "status": self._word(project, shown["status"])}

    def _results(self, project: Project, origin: str) -> dict[str, Any]:
        thing = f"{project.id}-{project.translations_count}"
        return {
            "completion_date": iso(project.completed_at),
            "output_video_url": origin + self._media.path(self.name, thing, "output_video.mp4"),
            "output_tts_audio_url": origin + self._media.path(self.name, thing, "output_tts_audio.wav"),
            "output_source_script": project.script,
            "output_target_script": project.target_script,
            "output_target_speakers": project.target_speakers,
        }

    def _checked_translation(self, ask: Ask) -> tuple[Project, dict[str, Any]]:
        project = self._project(ask)
        body = ask.json()
        withdrawn = self._faults.conduct.withdrawn
        if found := wrong_translation(body, project.target_lang, withdrawn):
            raise Refusal(error(400, found))
        voices = {speaker["voice_key"] for speaker in body["target_speakers"]}
        if not self._faults.conduct.subscription and "soundalike" in voices:
            raise Refusal(error(402, "soundalike needs a subscription"))
        if status_of(project, self._clock.virtual()) != "ready":
            raise Refusal(
                error(400, f"The project is {status_of(project, self._clock.virtual())}, not ready")
            )
        return project, body

    def _again(self, ask: Ask) -> Reply | None:
        """The answer to a request whose Idempotency-Key was used before."""
        key = ask.headers.get("idempotency-key", "")
        kept = self._keys.get(key) if key else None
        conduct = self._faults.conduct.idempotency
        if kept is None or conduct == "ignore":
            return None
        if conduct == "another":
            return Reply(value=next(iter(self._keys)).answer)
        if conduct == "refuse":
            return error(422, "The Idempotency-Key was used before", "IdempotencyError")
        if (kept.path, kept.digest) != (ask.path, ask.digest):
            return error(422, "The Idempotency-Key was used for another request", "IdempotencyError")
        return Reply(value=kept.answer)

    def _accepted(self, ask: Ask, project: Project, body: Any, cost: float) -> Reply:
        answer = {
            "project_id": project.id,
            "cost_minutes": cost,
            "estimated_completion_date": iso(project.estimated_at),
            "balance_minutes": _whole(self.balance),
            "translations_count": project.translations_count,
        }
        key = ask.headers.get("idempotency-key", "")
        if key:
            self._keys.put(key, Remembered(ask.path, ask.digest, answer))
        self._world.accept(
            at=iso(self._clock.real()),
            provider=self.name,
            operation=ask.operation,
            name=project.name,
            id=project.id,
            key=key,
            cost=cost,
            request=body,
        )
        return Reply(value=answer)


def error(status: int, message: str, kind: str = "") -> Reply:
    """The documented error body."""
    return Reply(status, {"error": kind or _STATUS[status], "message": message})


def _whole(number: float) -> float:
    return int(number) if number == int(number) else number
