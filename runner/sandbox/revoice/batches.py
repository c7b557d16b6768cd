"""The eight documented operations on batches of the emulated ReVoice."""

import uuid
from dataclasses import replace
from typing import Any

from runner.sandbox.ground.clock import Clock, iso
from runner.sandbox.ground.faults import Faults
from runner.sandbox.ground.listing import EncodedItems, array, visible
from runner.sandbox.ground.loopback import is_loopback
from runner.sandbox.ground.shape import is_url
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import Table, World
from runner.sandbox.revoice.batch import Batch, Project, new_batch, shown, shown_as_created, with_languages
from runner.sandbox.revoice.bulk import DEFAULT_LIMIT, MOST_LIMIT, Bulk
from runner.sandbox.revoice.catalogue import LANGUAGE_IDS
from runner.sandbox.revoice.media import Gallery
from runner.sandbox.revoice.replies import checked, error, number, project_of
from runner.sandbox.revoice.rules import BULK, DELETE, LANGUAGES, MEMBERS, wrong_batch
from runner.sandbox.revoice.scripts import BadScript, Scripts, bulk_lines


class Batches:
    """All batches of a workspace."""

    def __init__(
        self, world: World, clock: Clock, faults: Faults, projects: Table[Project], gallery: Gallery
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._projects = projects
        self._gallery = gallery
        self._scripts = Scripts()
        self._batches = world.table("revoice.batch", Batch)
        self._bulk = Bulk(world, clock, self._create_row)
        self._items: EncodedItems[Batch] = EncodedItems(lambda batch: shown(batch, clock.virtual()))

    def operations(self) -> tuple[Operation, ...]:
        """The operations."""
        return (
            Operation("listBatches", "GET", "/projects/{projectId}/batches", self.list_batches),
            Operation("createBatch", "POST", "/projects/{projectId}/batches", self.create_batch),
            Operation("createBulk", "POST", "/projects/{projectId}/batches/bulk", self.create_bulk),
            Operation("bulkStatus", "GET", "/batches/bulk/{requestId}/status", self.bulk_status),
            Operation("deleteBatches", "POST", "/batches/delete", self.delete_batches),
            Operation("getBatch", "GET", "/batches/{batchId}", self.get_batch),
            Operation("assignMember", "POST", "/batches/{batchId}/assign-member", self.assign_member),
            Operation("addLanguages", "POST", "/batches/{batchId}/languages", self.add_languages),
        )

    async def work(self) -> None:
        """Turns the rows of bulk requests into batches; never returns."""
        await self._bulk.work()

    async def close(self) -> None:
        """Closes what was opened for fetching."""
        await self._scripts.close()

    def list_batches(self, ask: Ask) -> Reply:
        """All batches of a project, oldest first."""
        project, now = project_of(self._projects, ask, 404), self._clock.virtual()
        held = (batch for batch in self._batches if batch.project == project.id)
        listed = visible(held, lambda batch: batch.born, now, self._faults.conduct)
        items = (self._items.encoded(each.id, (each.stamp(now), each.casting), each) for each in listed)
        return Reply(raw=array(items))

    def get_batch(self, ask: Ask) -> Reply:
        """One batch."""
        return Reply(value=shown(self._batch(ask, 404), self._clock.virtual()))

    async def create_batch(self, ask: Ask) -> Reply:
        """Makes a batch."""
        project, body = project_of(self._projects, ask, 400), ask.json()
        try:
            batch = await self._create(project, body, ask.operation)
        except BadScript as reason:
            raise Refusal(error(400, str(reason))) from reason
        return Reply(201, shown_as_created(batch, batch.born))

    def delete_batches(self, ask: Ask) -> Reply:
        """Forgets batches."""
        for id in checked(ask, DELETE)["batchIds"]:
            self._batches.remove(id)
            self._items.forget(id)
        return Reply(204)

    async def create_bulk(self, ask: Ask) -> Reply:
        """Takes a workbook of batches in."""
        project = project_of(self._projects, ask, 404)
        body = checked(ask, BULK)
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
            page = number(ask, "page", 1, None)
            answer = self._bulk.page(id, page, number(ask, "limit", DEFAULT_LIMIT, MOST_LIMIT))
        else:
            answer = self._bulk.status(id)
        if answer is None:
            raise Refusal(error(404, "Request not found"))
        return Reply(value=answer)

    def assign_member(self, ask: Ask) -> Reply:
        """Gives members access to languages of a batch."""
        batch = self._batch(ask, 400)
        members = [[each["userId"], each["languageId"]] for each in checked(ask, MEMBERS)["members"]]
        held = {language for language, *_ in batch.translations}
        for _, language in members:
            if language not in held:
                raise Refusal(error(400, f"the batch has no language {language}"))
        new = [member for member in members if member not in batch.members]
        self._batches.put(batch.id, replace(batch, members=batch.members + new))
        return Reply(204)

    async def add_languages(self, ask: Ask) -> Reply:
        """Adds languages to a batch and to its project."""
        batch, body = self._batch(ask, 400), checked(ask, LANGUAGES)
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

    def _batch(self, ask: Ask, missing: int) -> Batch:
        batch = self._batches.get(ask.params["batchId"])
        if batch is None:
            raise Refusal(error(missing, "Batch not found"))
        return batch

    def _note(self, operation: str, batch: Batch, request: dict[str, Any]) -> None:
        self._world.accept(
            at=iso(self._clock.real()),
            provider="revoice",
            operation=operation,
            name=batch.name,
            id=batch.id,
            request=request,
        )
