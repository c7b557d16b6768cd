"""Projects and folders of the emulated Respeecher."""

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runner.sandbox.ground.clock import iso
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.respeecher.catalogue import OWNERS, USER_ID
from runner.sandbox.respeecher.library import Folder, Library, Project
from runner.sandbox.respeecher.recording import Recording, state_of
from runner.sandbox.respeecher.replies import (
    body_id,
    checked,
    error,
    flag,
    id_in,
    invalid,
    ordered,
    page,
    word,
)
from runner.sandbox.respeecher.rules import FOLDER, MOST_NAME, NAME, PROJECT
from runner.sandbox.respeecher.zip import zipped

_SORTS = ("name", "created_at", "last_recording_at")


class Projects:
    """The operations on projects and folders."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations."""
        project, folder = "/api/projects/{project_id}", "/api/folders/{folder_id}"
        return (
            Operation("listProjects", "GET", "/api/projects", self.list_projects),
            Operation("createProject", "POST", "/api/projects", self.create_project),
            Operation("getProjectByUrl", "GET", "/api/projects/by-url", self.project_by_url),
            Operation("renameProject", "PATCH", project, self.rename_project),
            Operation("deleteProject", "DELETE", project, self.delete_project),
            Operation("exportProject", "GET", f"{project}/export", self.export_project),
            Operation("listFolders", "GET", "/api/folders", self.list_folders),
            Operation("createFolder", "POST", "/api/folders", self.create_folder),
            Operation("getFolder", "GET", folder, self.get_folder),
            Operation("renameFolder", "PATCH", folder, self.rename_folder),
            Operation("deleteFolder", "DELETE", folder, self.delete_folder),
        )

    def list_projects(self, ask: Ask) -> Reply:
        """The projects, sorted; by their making where nothing else is asked for."""
        owner = id_in(ask.query, "query", "owner") if "owner" in ask.query else ""
        found = self._library.listed(self._library.projects, lambda each: owner in ("", each.owner))
        sort = word(ask, "sort", _SORTS)
        if sort:
            found = sorted(found, key=_sorting(sort, self._last_recording))
        return page(ask, ordered(ask, found), self._shown, 50, 100)

    def create_project(self, ask: Ask) -> Reply:
        """Makes a project of the user, or of one of the user's groups."""
        body = checked(ask, PROJECT)
        owner = body_id(body, "owner") or USER_ID
        if owner not in OWNERS:
            raise Refusal(error(403, "The owner is neither the user nor one of the user's groups"))
        clock, id = self._library.clock, str(uuid.uuid4())
        name = _name(body["name"])
        slug = f"{re.sub('[^a-z0-9]+', '-', name.lower()).strip('-')}-{id[:8]}".lstrip("-")
        project = Project(id, name, slug, owner, clock.real(), clock.virtual())
        self._library.projects.put(id, project)
        return Reply(value=self._shown(project))

    def project_by_url(self, ask: Ask) -> Reply:
        """The project of a URL, which is a user's name and the project's slug here."""
        if "project_url" not in ask.query:
            raise Refusal(invalid(["query", "project_url"], "field required"))
        url = ask.query["project_url"]
        for project in self._library.projects:
            if self._url(project) == url:
                return Reply(value=self._shown(project))
        raise Refusal(error(404, "Project not found"))

    def rename_project(self, ask: Ask) -> Reply:
        """Gives a project another name; its URL stays."""
        id, name = id_in(ask.params, "path", "project_id"), _name(checked(ask, NAME)["name"])
        project = replace(self._library.project(id, 403), name=name)
        self._library.projects.put(project.id, project)
        return Reply(value=self._shown(project))

    def delete_project(self, ask: Ask) -> Reply:
        """Forgets a project with all that is in it."""
        project = self._library.project(id_in(ask.params, "path", "project_id"), 404)
        self._library.remove_project(project)
        return Reply(value={"id": project.id})

    def export_project(self, ask: Ask) -> Reply:
        """The sounds of a project, as a zip with a folder for each of its folders."""
        project = self._library.project(id_in(ask.params, "path", "project_id"), 404)
        now = self._library.clock.virtual()
        starred = flag(ask, "starred_only")
        chosen = [
            each
            for each in self._recordings(project)
            if state_of(each, now) == "done" and (each.starred or not starred)
        ]
        folders = {each.id: each.name for each in self._library.folders}
        return zipped(project.slug, [(folders.get(each.parent_folder_id, ""), each) for each in chosen])

    def list_folders(self, ask: Ask) -> Reply:
        """The folders of a project."""
        project = self._library.project(id_in(ask.query, "query", "project_id"), 403)
        found = self._library.listed(self._library.folders, lambda each: each.project_id == project.id)
        return page(ask, ordered(ask, found), Folder.shown, 50, 200)

    def create_folder(self, ask: Ask) -> Reply:
        """Makes a folder in a project."""
        body = checked(ask, FOLDER)
        project = self._library.project(body_id(body, "project_id"), 403)
        clock = self._library.clock
        folder = Folder(str(uuid.uuid4()), _name(body["name"]), project.id, clock.real(), clock.virtual())
        self._library.folders.put(folder.id, folder)
        return Reply(value=folder.shown())

    def get_folder(self, ask: Ask) -> Reply:
        """One folder."""
        return Reply(value=self._library.folder(id_in(ask.params, "path", "folder_id"), 403).shown())

    def rename_folder(self, ask: Ask) -> Reply:
        """Gives a folder another name."""
        id, name = id_in(ask.params, "path", "folder_id"), _name(checked(ask, NAME)["name"])
        folder = replace(self._library.folder(id, 403), name=name)
        self._library.folders.put(folder.id, folder)
        return Reply(value=folder.shown())

    def delete_folder(self, ask: Ask) -> Reply:
        """Forgets a folder with the recordings in it."""
        folder = self._library.folder(id_in(ask.params, "path", "folder_id"), 404)
        return Reply(value=[{"id": id} for id in self._library.remove_folder(folder)])

    def _recordings(self, project: Project) -> list[Recording]:
        return [each for each in self._library.recordings if each.project_id == project.id]

    def _last_recording(self, project: Project) -> float:
        return max((each.created_at for each in self._recordings(project)), default=0.0)

    def _url(self, project: Project) -> str:
        return f"sandbox/{project.slug}"

    def _shown(self, project: Project) -> dict[str, Any]:
        last = self._last_recording(project)
        return {
            "name": project.name,
            "slug": project.slug,
            "owner": project.owner,
            "url": self._url(project),
            "models": {},
            "id": project.id,
            "active": True,
            "created_at": iso(project.created_at),
            "last_recording_at": iso(last) if last else None,
        }


def _sorting(sort: str, last: Callable[[Project], float]) -> Callable[[Project], Any]:
    match sort:
        case "name":
            return lambda project: project.name.casefold()
        case "created_at":
            return lambda project: project.born
    return last


def _name(text: str) -> str:
    """A name; answers 422 when it is too long."""
    if len(text) > MOST_NAME:
        raise Refusal(invalid(["body", "name"], f"must be at most {MOST_NAME} characters"))
    return text
