"""ReVoice, emulated: tokens, projects, batches one by one and in bulk, members, languages, and the media
gallery.

Where the API's text says nothing, this is chosen: an error's body is `{message}`; a missing or old token is
401; what is unknown in an operation whose codes do not list 404 is 400; deleting what is gone is no error; a
language that a batch has is not added again; names need not be unique. A batch whose name holds `fail` fails
on its way; a row whose name holds `fail-row` becomes none.
"""

import hmac
import uuid
from dataclasses import replace

from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.credentials import CREDENTIALS
from runner.sandbox.ground.faults import Faults
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.revoice.batch import Project
from runner.sandbox.revoice.batches import Batches
from runner.sandbox.revoice.catalogue import LANGUAGE_IDS, LANGUAGES, MODELS, PROJECTS, STYLES, VOICES
from runner.sandbox.revoice.media import Gallery
from runner.sandbox.revoice.replies import checked, error, project_of
from runner.sandbox.revoice.rules import PROJECT, PROJECT_TYPES, REFRESH, TOKEN
from runner.sandbox.revoice.session import Sessions


class ReVoice:
    """The API on a world."""

    name = "revoice"

    def __init__(self, world: World, clock: Clock, faults: Faults, secret: str) -> None:
        self._clock = clock
        self._sessions = Sessions(clock, secret)
        self._projects = world.table("revoice.project", Project)
        self._gallery = Gallery(world, clock, secret)
        self._batches = Batches(world, clock, faults, self._projects, self._gallery)
        if not len(self._projects):
            for project in PROJECTS:
                self._projects.put(project.id, replace(project, created_at=clock.real()))

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations that the catalogue of providers uses."""
        return (
            Operation("createToken", "POST", "/auth/token", self.create_token, open=True),
            Operation("refreshToken", "POST", "/auth/refresh", self.refresh_token, open=True),
            Operation("listProjects", "GET", "/projects", self.list_projects),
            Operation("createProject", "POST", "/projects", self.create_project),
            Operation("getProject", "GET", "/projects/{projectId}", self.get_project),
            Operation("listLanguages", "GET", "/languages", lambda ask: Reply(value=LANGUAGES)),
            Operation("listVoices", "GET", "/voices", lambda ask: Reply(value=VOICES)),
            Operation("listModels", "GET", "/models", lambda ask: Reply(value=MODELS)),
            Operation("listStyles", "GET", "/models/{model}/styles", self.list_styles),
            *self._batches.operations(),
            *self._gallery.operations(),
        )

    def refused(self, ask: Ask) -> Reply | None:
        """401 unless the request carries a token of the last hour."""
        if self._sessions.accepts(ask.headers.get("authorization", "")):
            return None
        return error(401, "The access token is missing, wrong or expired")

    def unreadable(self, reason: str) -> Reply:
        """400 for a body that is no JSON."""
        return error(400, reason)

    def broken(self, status: int) -> Reply:
        """An injected failure."""
        return error(status, "Internal server error" if status >= 500 else "Something went wrong")

    async def work(self) -> None:
        """What the API does by itself; never returns."""
        await self._batches.work()

    async def close(self) -> None:
        """Closes what was opened for fetching."""
        await self._batches.close()

    def create_token(self, ask: Ask) -> Reply:
        """Exchanges the credentials for tokens."""
        body = checked(ask, TOKEN)
        right = CREDENTIALS["revoice"]
        if not (
            hmac.compare_digest(body["clientId"].encode(), right["client_id"].encode())
            and hmac.compare_digest(body["clientSecret"].encode(), right["client_secret"].encode())
        ):
            raise Refusal(error(400, "The client credentials are wrong"))
        tokens = {
            "accessToken": self._sessions.access_token(),
            "refreshToken": self._sessions.refresh_token(),
        }
        return Reply(value=tokens)

    def refresh_token(self, ask: Ask) -> Reply:
        """A new access token."""
        if not self._sessions.refreshes(checked(ask, REFRESH)["refreshToken"]):
            raise Refusal(error(401, "The refresh token is wrong"))
        return Reply(value={"accessToken": self._sessions.access_token()})

    def list_projects(self, ask: Ask) -> Reply:
        """The projects of one type."""
        type = ask.query.get("type", "line-dubbing")
        if type not in PROJECT_TYPES:
            raise Refusal(error(400, f"type must be one of {', '.join(PROJECT_TYPES)}"))
        return Reply(value=[project.shown() for project in self._projects if project.type == type])

    def get_project(self, ask: Ask) -> Reply:
        """One project."""
        return Reply(value=project_of(self._projects, ask, 404).shown())

    def create_project(self, ask: Ask) -> Reply:
        """Makes a project."""
        body = checked(ask, PROJECT)
        languages = [language.lower() for language in body["targetLanguages"]]
        source = body.get("sourceLanguage", "").lower()
        for language in [*languages, *([source] if source else [])]:
            if language not in LANGUAGE_IDS:
                raise Refusal(error(400, f"unknown language {language}"))
        if body["model"] not in {model["model"] for model in MODELS}:
            raise Refusal(error(400, f"unknown model {body['model']}"))
        project = Project(
            str(uuid.uuid4()),
            body["name"],
            body["type"],
            body["model"],
            languages,
            source,
            self._clock.real(),
        )
        self._projects.put(project.id, project)
        return Reply(201, project.shown())

    def list_styles(self, ask: Ask) -> Reply:
        """The styles of a model."""
        if ask.params["model"] not in {model["model"] for model in MODELS}:
            raise Refusal(error(404, "Model not found"))
        return Reply(value=STYLES)
