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
from typing import Any

from runner.sandbox.clock import Clock, iso
from runner.sandbox.credentials import CREDENTIALS
from runner.sandbox.faults import Faults
from runner.sandbox.listing import EncodedItems, array, visible
from runner.sandbox.revoice_batch import Batch, Project, new_batch, shown, shown_as_created, with_languages
from runner.sandbox.revoice_bulk import DEFAULT_LIMIT, MOST_LIMIT, Bulk
from runner.sandbox.revoice_catalogue import LANGUAGE_IDS, LANGUAGES, MODELS, PROJECTS, STYLES, VOICES
from runner.sandbox.revoice_media import Gallery
from runner.sandbox.revoice_rules import (
    BULK,
    DELETE,
    FILES,
    MEMBERS,
    PROJECT,
    PROJECT_TYPES,
    REFRESH,
    TOKEN,
    UPLOAD,
    is_url,
    wrong_batch,
)
from runner.sandbox.revoice_rules import LANGUAGES as ADD_LANGUAGES
from runner.sandbox.revoice_scripts import BadScript, Scripts, bulk_lines, is_loopback
from runner.sandbox.revoice_session import Sessions
from runner.sandbox.shape import Field, wrong
from runner.sandbox.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.world import World


class ReVoice:
    """The API on a world."""

    name = "revoice"

    def __init__(self, world: World, clock: Clock, faults: Faults, secret: str) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._sessions = Sessions(clock, secret)
        self._scripts = Scripts()
        self._gallery = Gallery(world, clock, secret)
        self._projects = world.table("revoice.project", Project)
        self._batches = world.table("revoice.batch", Batch)
        self._bulk = Bulk(world, clock, self._create_row)
        self._items: EncodedItems[Batch] = EncodedItems(lambda batch: shown(batch, clock.virtual()))
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
            Operation("listBatches", "GET", "/projects/{projectId}/batches", self.list_batches),
            Operation("createBatch", "POST", "/projects/{projectId}/batches", self.create_batch),
            Operation("createBulk", "POST", "/projects/{projectId}/batches/bulk", self.create_bulk),
            Operation("bulkStatus", "GET", "/batches/bulk/{requestId}/status", self.bulk_status),
            Operation("deleteBatches", "POST", "/batches/delete", self.delete_batches),
            Operation("getBatch", "GET", "/batches/{batchId}", self.get_batch),
            Operation("assignMember", "POST", "/batches/{batchId}/assign-member", self.assign_member),
            Operation("addLanguages", "POST", "/batches/{batchId}/languages", self.add_languages),
            Operation("listLanguages", "GET", "/languages", lambda ask: Reply(value=LANGUAGES)),
            Operation("listVoices", "GET", "/voices", lambda ask: Reply(value=VOICES)),
            Operation("listModels", "GET", "/models", lambda ask: Reply(value=MODELS)),
            Operation("listStyles", "GET", "/models/{model}/styles", self.list_styles),
            Operation("listMediaFiles", "GET", "/media/files", self.list_media_files),
            Operation("deleteMediaFiles", "POST", "/media/files/delete", self.delete_media_files),
            Operation("createUploadUrl", "POST", "/media/upload-url", self.create_upload_url),
            Operation("upload", "PUT", "/__upload__/{path:path}", self.upload, open=True, streamed=True),
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
        await self._bulk.work()

    async def close(self) -> None:
        """Closes what was opened for fetching."""
        await self._scripts.close()

    def create_token(self, ask: Ask) -> Reply:
        """Exchanges the credentials for tokens."""
        body = _checked(ask, TOKEN)
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
        if not self._sessions.refreshes(_checked(ask, REFRESH)["refreshToken"]):
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
        return Reply(value=self._project(ask, 404).shown())

    def create_project(self, ask: Ask) -> Reply:
        """Makes a project."""
        body = _checked(ask, PROJECT)
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

    def list_batches(self, ask: Ask) -> Reply:
        """All batches of a project, oldest first."""
        project, now = self._project(ask, 404), self._clock.virtual()
        held = (batch for batch in self._batches if batch.project == project.id)
        listed = visible(held, lambda batch: batch.born, now, self._faults.conduct)
        items = (self._items.encoded(each.id, (each.stamp(now), each.casting), each) for each in listed)
        return Reply(raw=array(items))

    def get_batch(self, ask: Ask) -> Reply:
        """One batch."""
        return Reply(value=shown(self._batch(ask, 404), self._clock.virtual()))

    async def create_batch(self, ask: Ask) -> Reply:
        """Makes a batch."""
        project, body = self._project(ask, 400), ask.json()
        try:
            batch = await self._create(project, body, ask.operation)
        except BadScript as reason:
            raise Refusal(error(400, str(reason))) from reason
        return Reply(201, shown_as_created(batch, self._clock.virtual()))

    def delete_batches(self, ask: Ask) -> Reply:
        """Forgets batches."""
        for id in _checked(ask, DELETE)["batchIds"]:
            self._batches.remove(id)
            self._items.forget(id)
        return Reply(204)

    async def create_bulk(self, ask: Ask) -> Reply:
        """Takes a workbook of batches in."""
        project = self._project(ask, 404)
        body = _checked(ask, BULK)
        url = body["scriptPath"]
        if not is_url(url):
            raise Refusal(error(400, "scriptPath must be a URL"))
        if not is_loopback(url):
            raise Refusal(error(400, f"{url} cannot be fetched: the sandbox reaches only this machine"))
        try:
            lines = bulk_lines(await self._scripts.fetch(url), url)
        except BadScript as reason:
            raise Refusal(error(400, str(reason))) from reason
        id = str(uuid.uuid4())
        self._bulk.accept(id, project.id, lines, body.get("settings"))
        return Reply(value={"requestId": id})

    def bulk_status(self, ask: Ask) -> Reply:
        """How far a bulk request is; with a query, a page of its rows."""
        id = ask.params["requestId"]
        if "page" in ask.query or "limit" in ask.query:
            page = _number(ask, "page", 1, None)
            answer = self._bulk.page(id, page, _number(ask, "limit", DEFAULT_LIMIT, MOST_LIMIT))
        else:
            answer = self._bulk.status(id)
        if answer is None:
            raise Refusal(error(404, "Request not found"))
        return Reply(value=answer)

    def assign_member(self, ask: Ask) -> Reply:
        """Gives members access to languages of a batch."""
        batch = self._batch(ask, 400)
        members = [[each["userId"], each["languageId"]] for each in _checked(ask, MEMBERS)["members"]]
        held = {language for language, *_ in batch.translations}
        for _, language in members:
            if language not in held:
                raise Refusal(error(400, f"the batch has no language {language}"))
        new = [member for member in members if member not in batch.members]
        self._batches.put(batch.id, replace(batch, members=batch.members + new))
        return Reply(204)

    async def add_languages(self, ask: Ask) -> Reply:
        """Adds languages to a batch and to its project."""
        batch, body = self._batch(ask, 400), _checked(ask, ADD_LANGUAGES)
        for each in body["languages"]:
            if (path := each.get("scriptPath")) is not None:
                await self._check_target_script(path)
        batch = self._batch(ask, 400)  # it may have changed while scripts were fetched
        languages = [each["languageId"] for each in body["languages"]]
        held = {language for language, *_ in batch.translations}
        for language in languages:
            if language not in LANGUAGE_IDS:
                raise Refusal(error(400, f"unknown language {language}"))
            if language in held:
                raise Refusal(error(400, f"the batch has the language {language} already"))
            held.add(language)
        self._batches.put(batch.id, replace(batch, **with_languages(batch, languages, self._clock)))
        project = self._projects.get(batch.project)
        assert project is not None
        more = [language for language in languages if language not in project.languages]
        self._projects.put(project.id, replace(project, languages=project.languages + more))
        self._note(ask.operation, batch, body)
        return Reply(204)

    def list_styles(self, ask: Ask) -> Reply:
        """The styles of a model."""
        if ask.params["model"] not in {model["model"] for model in MODELS}:
            raise Refusal(error(404, "Model not found"))
        return Reply(value=STYLES)

    def list_media_files(self, ask: Ask) -> Reply:
        """The paths in the gallery."""
        return Reply(value=self._gallery.paths())

    def delete_media_files(self, ask: Ask) -> Reply:
        """Removes files and directories from the gallery."""
        self._gallery.remove(_checked(ask, FILES)["paths"])
        return Reply(204)

    def create_upload_url(self, ask: Ask) -> Reply:
        """An address to upload a file to."""
        body = _checked(ask, UPLOAD)
        if body["contentType"].partition("/")[0] not in ("audio", "video"):
            raise Refusal(error(400, "contentType must be audio or video"))
        return Reply(value=self._gallery.upload_url(body, ask.origin))

    def upload(self, ask: Ask) -> Reply:
        """Takes an uploaded file."""
        if ask.received is None or not self._gallery.receive(ask, ask.received):
            raise Refusal(error(403, "The upload address is wrong or too old"))
        return Reply(200, raw=b"")

    async def _create_row(self, project_id: str, fields: dict[str, Any]) -> str:
        project = self._projects.get(project_id)
        if project is None:
            raise BadScript("the project is gone")
        if "fail-row" in str(fields.get("name", "")).lower():
            raise BadScript("the row was refused")
        return (await self._create(project, fields, "createBulk")).id

    async def _create(self, project: Project, body: Any, operation: str) -> Batch:
        """Checks a batch's fields, reads its script, makes it and writes it into the ledger."""
        if found := wrong_batch(body, project.type):
            raise BadScript(found)
        languages = await self._languages(project, body)
        video = body.get("videoPath", "")
        if video and not is_url(video) and not self._gallery.holds(video):
            raise BadScript(f"videoPath {video} is neither a URL nor in the media gallery")
        batch = new_batch(str(uuid.uuid4()), project, body["name"], languages, body, self._clock)
        self._batches.put(batch.id, batch)
        self._note(operation, batch, {"projectId": project.id, **body})
        return batch

    async def _languages(self, project: Project, body: dict[str, Any]) -> list[str]:
        """The target languages of a batch: its script's, else the one it names, else its project's."""
        code = body.get("languageCode", "").lower()
        if code and code not in LANGUAGE_IDS:
            raise BadScript(f"unknown languageCode {body['languageCode']}")
        script = body.get("scriptPath")
        held = await self._scripts.languages(script, project.type) if script else []
        return held or ([code] if code else project.languages)

    async def _check_target_script(self, url: str) -> None:
        if not is_url(url):
            raise Refusal(error(400, "scriptPath must be a URL"))
        if is_loopback(url):
            try:
                await self._scripts.fetch(url)
            except BadScript as reason:
                raise Refusal(error(400, str(reason))) from reason

    def _project(self, ask: Ask, missing: int) -> Project:
        project = self._projects.get(ask.params["projectId"])
        if project is None:
            raise Refusal(error(missing, "Project not found"))
        return project

    def _batch(self, ask: Ask, missing: int) -> Batch:
        batch = self._batches.get(ask.params["batchId"])
        if batch is None:
            raise Refusal(error(missing, "Batch not found"))
        return batch

    def _note(self, operation: str, batch: Batch, request: dict[str, Any]) -> None:
        self._world.accept(
            at=iso(self._clock.real()),
            provider=self.name,
            operation=operation,
            name=batch.name,
            id=batch.id,
            request=request,
        )


def error(status: int, message: str) -> Reply:
    """An error's body; its form is not documented."""
    return Reply(status, {"message": message})


def _checked(ask: Ask, field: Field) -> Any:
    body = ask.json()
    if found := wrong(body, field):
        raise Refusal(error(400, found))
    return body


def _number(ask: Ask, name: str, default: int, most: int | None) -> int:
    text = ask.query.get(name, "")
    if text == "":
        return default
    if not text.isdecimal() or int(text) < 1 or (most is not None and int(text) > most):
        raise Refusal(error(400, f"{name} must be a number from 1{f' to {most}' if most else ''}"))
    return int(text)
