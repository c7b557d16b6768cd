"""Notes and statistics of the emulated Respeecher."""

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from runner.sandbox.ground.shape import Field
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.respeecher.library import Library
from runner.sandbox.respeecher.recording import CONVERTED, Note, Recording, state_of
from runner.sandbox.respeecher.replies import body_id, checked, error, id_in, invalid, is_id
from runner.sandbox.respeecher.rules import FOLDER_CHOICE, MOST_NOTE, NOTE, NOTE_CHOICE, PROJECT_CHOICE

_COUNTED = {"done": "completed", "processing": "in_progress", "error": "failed"}


class Notes:
    """The operations on notes and statistics. A recording has one note at most; making it again writes it anew."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations; statistics also by POST, as the vendor's OpenAPI document has them."""
        projects, folders = "/api/stats/projects", "/api/stats/folders"
        return (
            Operation("createNote", "POST", "/api/notes", self.create_note),
            Operation("updateNote", "PUT", "/api/notes", self.update_note),
            Operation("deleteNote", "DELETE", "/api/notes", self.delete_note),
            Operation("listNotes", "GET", "/api/notes", self.list_notes),
            Operation("getStats", "GET", "/api/stats", self.get_stats),
            Operation("getProjectStats", "GET", projects, self.project_stats),
            Operation("getProjectStats", "POST", projects, self.project_stats),
            Operation("getFolderStats", "GET", folders, self.folder_stats),
            Operation("getFolderStats", "POST", folders, self.folder_stats),
        )

    def create_note(self, ask: Ask) -> Reply:
        """Writes the note of a recording."""
        body = checked(ask, NOTE)
        recording = self._library.recording(body_id(body, "recording_id"), 404)
        before = self._library.notes.get(recording.id)
        return self._written(recording, before.id if before else str(uuid.uuid4()), body["text"])

    def update_note(self, ask: Ask) -> Reply:
        """Writes the note of a recording that has one."""
        body = checked(ask, NOTE)
        note = self._note(body)
        return self._written(self._library.recording(note.recording_id, 404), note.id, body["text"])

    def delete_note(self, ask: Ask) -> Reply:
        """Takes the note of a recording away."""
        note = self._note(checked(ask, NOTE_CHOICE))
        self._library.notes.remove(note.recording_id)
        return Reply(value=note.shown())

    def list_notes(self, ask: Ask) -> Reply:
        """The notes of a folder's recordings."""
        folder = self._library.folder(id_in(ask.query, "query", "folder_id"), 403)
        inside = {each.id for each in self._library.recordings if each.parent_folder_id == folder.id}
        return Reply(value=[note.shown() for note in self._library.notes if note.recording_id in inside])

    def get_stats(self, ask: Ask) -> Reply:
        """The whole account's conversions."""
        found = self._conversions()
        done = self._done(found)
        months: dict[str, float] = {}
        for each in done:
            months[_month(each)] = months.get(_month(each), 0.0) + each.duration
        current = _month_of(self._library.clock.real())
        previous = [
            {"month": month, "duration": length}
            for month, length in sorted(months.items())
            if month != current
        ]
        voices = sorted({(each.voice_id, each.voice_name) for each in done})
        models = [
            {
                "id": id,
                "name": name,
                "conversions_count": sum(each.voice_id == id for each in done),
                "converted_time": _length(each for each in done if each.voice_id == id),
            }
            for id, name in voices
        ]
        return Reply(
            value={
                "time_converted": {**self._time(done), "previous_monthes": previous},
                "conversions": self._counts(found),
                "models": models,
            }
        )

    def project_stats(self, ask: Ask) -> Reply:
        """The conversions of each of some projects; nothing of those that are not there."""
        shown = []
        for id in _ids(ask, PROJECT_CHOICE, "project_ids"):
            if self._library.projects.get(id) is not None:
                found = [each for each in self._conversions() if each.project_id == id]
                time = self._time(self._done(found))
                shown.append({"project_id": id, "time_converted": time, "conversions": self._counts(found)})
        return Reply(value=shown)

    def folder_stats(self, ask: Ask) -> Reply:
        """The conversions of each of some folders; nothing of those that are not there."""
        shown = []
        for id in _ids(ask, FOLDER_CHOICE, "folder_ids"):
            if self._library.folders.get(id) is not None:
                found = [each for each in self._conversions() if each.parent_folder_id == id]
                shown.append({"folder_id": id, "stats": self._counts(found)})
        return Reply(value=shown)

    def _written(self, recording: Recording, id: str, text: str) -> Reply:
        if len(text) > MOST_NOTE:
            raise Refusal(invalid(["body", "text"], f"must be at most {MOST_NOTE} characters"))
        note = Note(id, recording.id, text)
        self._library.notes.put(recording.id, note)
        return Reply(value=note.shown())

    def _note(self, body: dict[str, Any]) -> Note:
        note = self._library.notes.get(body_id(body, "recording_id"))
        if note is None:
            raise Refusal(error(404, "Note not found"))
        return note

    def _conversions(self) -> list[Recording]:
        return [each for each in self._library.recordings if each.type == CONVERTED]

    def _done(self, found: Iterable[Recording]) -> list[Recording]:
        now = self._library.clock.virtual()
        return [each for each in found if state_of(each, now) == "done"]

    def _time(self, done: Sequence[Recording]) -> dict[str, float]:
        current = _month_of(self._library.clock.real())
        return {
            "total": _length(done),
            "current_month": _length(each for each in done if _month(each) == current),
        }

    def _counts(self, found: Sequence[Recording]) -> dict[str, int]:
        now = self._library.clock.virtual()
        states = Counter(_COUNTED[state_of(each, now)] for each in found)
        return {"total": len(found), **{name: states[name] for name in _COUNTED.values()}}


def _ids(ask: Ask, rules: Field, name: str) -> list[str]:
    ids = checked(ask, rules)[name]
    for place, id in enumerate(ids):
        if not is_id(id):
            raise Refusal(invalid(["body", name, place], "value is not a valid uuid"))
    return [str(id).lower() for id in ids]


def _length(recordings: Iterable[Recording]) -> float:
    return round(sum(each.duration for each in recordings), 3)


def _month(recording: Recording) -> str:
    return _month_of(recording.created_at)


def _month_of(real: float) -> str:
    """The first day of a month."""
    return datetime.fromtimestamp(real, UTC).strftime("%Y-%m-01")
