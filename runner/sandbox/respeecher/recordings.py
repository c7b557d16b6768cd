"""Recordings of the emulated Respeecher: uploaded, spoken from a text, listed, changed, fetched, exported."""

import struct
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runner.sandbox.ground.wire import Ask, FilePart, Operation, Refusal, Reply
from runner.sandbox.respeecher.catalogue import TTS_VOICES
from runner.sandbox.respeecher.library import Folder, Library
from runner.sandbox.respeecher.recording import (
    CONVERTED,
    ORIGINAL,
    SPOKEN,
    Recording,
    due,
    error_of,
    state_of,
)
from runner.sandbox.respeecher.replies import (
    body_id,
    checked,
    error,
    flag,
    form_of,
    id_in,
    invalid,
    label_in,
    ordered,
    page,
)
from runner.sandbox.respeecher.rules import CHANGE, MOST_TEXT, MOST_UPLOAD, TTS, TTS_V1, WHOLE_CHANGE
from runner.sandbox.respeecher.zip import sound_of, zipped

_SIGNS = {b"OggS": "ogg", b"fLaC": "flac", b"ID3": "mp3"}
_USUAL_RATE = 16_000
"""Bytes a second of a compressed sound, where nothing says how long it is."""


class Recordings:
    """The operations on recordings."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations; literal paths stand before those with an id."""
        base = "/api/recordings"
        one = f"{base}/{{recording_id}}"
        return (
            Operation("listRecordings", "GET", base, self.list_recordings),
            Operation("uploadRecording", "POST", base, self.upload, form=True),
            Operation("listOriginals", "GET", f"{base}/originals", self.list_originals),
            Operation("listConversions", "GET", f"{base}/conversions", self.list_conversions),
            Operation("createTtsV1", "POST", f"{base}/tts", self.create_tts_v1),
            Operation("exportRecording", "GET", f"{base}/export", self.export),
            Operation("getRecording", "GET", one, self.get_recording),
            Operation("updateRecording", "PATCH", one, lambda ask: self._change(ask, CHANGE)),
            Operation("replaceRecording", "PUT", one, lambda ask: self._change(ask, WHOLE_CHANGE)),
            Operation("deleteRecording", "DELETE", one, self.delete_recording),
            Operation("createTts", "POST", "/api/v2/recordings/tts", self.create_tts),
            Operation("getFile", "GET", "/api/storage/{recording_id}/{name}", self.get_file),
        )

    def list_recordings(self, ask: Ask) -> Reply:
        """The recordings of a folder or of a project."""
        if "folder_id" in ask.query:
            folder = self._library.folder(id_in(ask.query, "query", "folder_id"), 403)
            return self._page(ask, lambda each: each.parent_folder_id == folder.id)
        if "project_id" in ask.query:
            project = self._library.project(id_in(ask.query, "query", "project_id"), 403)
            return self._page(ask, lambda each: each.project_id == project.id)
        raise Refusal(invalid(["query", "folder_id"], "folder_id or project_id is required"))

    def list_originals(self, ask: Ask) -> Reply:
        """The originals in a folder."""
        folder = self._library.folder(id_in(ask.query, "query", "folder_id"), 403)
        return self._page(ask, lambda each: each.parent_folder_id == folder.id and each.type == ORIGINAL)

    def list_conversions(self, ask: Ask) -> Reply:
        """The conversions of an original."""
        original = self._library.original(id_in(ask.query, "query", "original_id"), 403)
        return self._page(ask, lambda each: each.original_id == original.id)

    def upload(self, ask: Ask) -> Reply:
        """Takes a sound file; its bytes are counted and digested, not kept."""
        form = form_of(ask, ("parent_folder_id", "microphone", "label"), MOST_UPLOAD, 413)
        folder = self._library.folder(id_in(form.fields, "body", "parent_folder_id"), 403)
        if "microphone" not in form.fields:
            raise Refusal(invalid(["body", "microphone"], "field required"))
        label = label_in(form.fields.get("label"))
        file = form.files["data"]
        return self._made(
            folder,
            label,
            error_of(label),
            file_name=file.name,
            microphone=form.fields["microphone"],
            size=file.size,
            sha256=file.sha256,
            duration=seconds_of(file),
        )

    def create_tts(self, ask: Ask) -> Reply:
        """An original of a text. Nothing is charged: the order that converts it is paid for."""
        body = checked(ask, TTS)
        return self._spoken(ask, body, {"text_language": body.get("text_language")})

    def create_tts_v1(self, ask: Ask) -> Reply:
        """The same in a given voice, the deprecated way."""
        body = checked(ask, TTS_V1)
        voice = next((each for each in TTS_VOICES if each["id"] == body_id(body, "voice_id")), None)
        if voice is None:
            raise Refusal(error(403, "TTS voice not found"))
        self._library.project(body_id(body, "project_id"), 403)
        return self._spoken(ask, body, {}, tts_voice=voice["name"], tts_voice_id=voice["id"])

    def get_recording(self, ask: Ask) -> Reply:
        """One recording."""
        return Reply(value=self._library.show(self._one(ask)))

    def delete_recording(self, ask: Ask) -> Reply:
        """Forgets a recording, and with an original its conversions."""
        return Reply(value=[{"id": id} for id in self._library.remove_recording(self._one(ask))])

    def export(self, ask: Ask) -> Reply:
        """The conversions of an original as a zip."""
        original = self._library.original(id_in(ask.query, "query", "original_id"), 404)
        starred = flag(ask, "starred_only")
        now = self._library.clock.virtual()
        chosen = [
            ("", each)
            for each in self._library.recordings
            if each.original_id == original.id
            and state_of(each, now) == "done"
            and (each.starred or not starred)
        ]
        return zipped((original.label or original.id).replace(" ", "-"), chosen)

    def get_file(self, ask: Ask) -> Reply:
        """The sound of a recording that is done."""
        recording = self._one(ask)
        if state_of(recording, self._library.clock.virtual()) != "done":
            raise Refusal(error(404, "File not found"))
        return Reply(raw=sound_of(recording.id), headers={"Content-Type": "audio/wav"})

    def _page(self, ask: Ask, chosen: Callable[[Recording], bool]) -> Reply:
        found = self._library.listed(self._library.recordings, chosen)
        return page(ask, ordered(ask, found), self._library.show, 50, 200)

    def _one(self, ask: Ask) -> Recording:
        return self._library.recording(id_in(ask.params, "path", "recording_id"), 404)

    def _change(self, ask: Ask, rules: Any) -> Reply:
        body = checked(ask, rules)
        recording = self._one(ask)
        if "label" in body:
            recording = replace(recording, label=label_in(body["label"]))
        if "starred" in body:
            recording = replace(recording, starred=body["starred"])
        self._library.recordings.put(recording.id, recording)
        return Reply(value=self._library.show(recording))

    def _spoken(self, ask: Ask, body: dict[str, Any], params: dict[str, Any], **more: Any) -> Reply:
        folder = self._library.folder(body_id(body, "parent_folder_id"), 403)
        text, label = body["text"], label_in(body.get("label"))
        if len(text) > MOST_TEXT:
            raise Refusal(invalid(["body", "text"], f"must be at most {MOST_TEXT} characters"))
        told = {name: value for name, value in params.items() if value}
        length = round(len(text) / SPOKEN, 3)
        failure = error_of(label, text)
        reply = self._made(folder, label, failure, text=text, tts=True, duration=length, params=told, **more)
        self._library.accept(ask, self._library.recording(reply.value["id"], 404), body, 0)
        return reply

    def _made(self, folder: Folder, label: str, failure: str, **more: Any) -> Reply:
        clock, id = self._library.clock, str(uuid.uuid4())
        now = clock.virtual()
        recording = Recording(
            id=id,
            project_id=folder.project_id,
            parent_folder_id=folder.id,
            type=ORIGINAL,
            label=label,
            created_at=clock.real(),
            born=now,
            due=due(id, ORIGINAL, now),
            error=failure,
            **more,
        )
        self._library.recordings.put(id, recording)
        return Reply(value=self._library.show(recording))


def converted(original: Recording, id: str, label: str, now: float, real: float, **more: Any) -> Recording:
    """A conversion of an original, as it is just after its order."""
    return Recording(
        id=id,
        project_id=original.project_id,
        parent_folder_id=original.parent_folder_id,
        type=CONVERTED,
        label=label,
        created_at=real,
        born=now,
        due=due(id, CONVERTED, now),
        error=error_of(label),
        original_id=original.id,
        tts=original.tts,
        text=original.text,
        size=len(sound_of(id)),
        duration=original.duration,
        **more,
    )


def seconds_of(file: FilePart) -> float:
    """How long a sound file lasts; answers 400 when it is none of wav, ogg, mp3 and flac."""
    head = file.head
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        rate = struct.unpack("<I", head[28:32])[0] if len(head) >= 32 else 0
        return round(file.size / (rate or _USUAL_RATE), 3)
    known = any(head.startswith(sign) for sign in _SIGNS)
    if known or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0):
        return round(file.size / _USUAL_RATE, 3)
    raise Refusal(error(400, "The audio format is not supported: send wav, ogg, mp3 or flac"))
