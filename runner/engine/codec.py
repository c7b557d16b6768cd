"""Events and states as JSON, and back: what the journal's rows hold.

Large texts do not stand in rows: whatever is longer than `BLOB_ABOVE` goes to a file named by its digest beside the
journal, and the row holds the digest.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from runner.model.event import KINDS, Event, GroupIntended, Intended, Member, Received, event_fields
from runner.model.http import Call, Upload
from runner.model.part import PartReceipt, PartState
from runner.model.state import FileState, GroupState, InstanceState, Phase

BLOB_ABOVE = 64 * 1024


class Blobs:
    """Large pieces beside the journal, each in a file named by its SHA-256, durable when `put` returns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        target = self.folder / digest
        if target.exists():
            return digest
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.folder / f".{digest}.{os.getpid()}"
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return digest

    def get(self, digest: str) -> bytes:
        return (self.folder / digest).read_bytes()


class Codec:
    """Turns events and states into JSON texts and back; large pieces go through `blobs`."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def encode_event(self, event: Event) -> str:
        return self._dump(event_fields(event))

    def decode_event(self, kind: str, text: str) -> Event:
        held = json.loads(text, object_hook=self._object)
        made = KINDS[kind]
        names = {field.name for field in fields(made)}
        return made(**{name: _tuples(made, name, value) for name, value in held.items() if name in names})

    def encode_instance(self, state: InstanceState) -> str:
        held = {
            field.name: value
            for field in fields(state)
            if (value := getattr(state, field.name)) != field.default and value not in ({}, ())
        }
        if state.intent is not None:
            held["intent"] = {"$event": Intended.kind, "fields": event_fields(state.intent)}
        held["files"] = {path: _shallow(file) for path, file in state.files.items()}
        return self._dump(held)

    def decode_instance(self, text: str) -> InstanceState:
        held = json.loads(text, object_hook=self._object)
        held["phase"] = Phase(held["phase"])
        held["files"] = {path: FileState(**file) for path, file in held.get("files", {}).items()}
        held["former"] = tuple((int(pair[0]), pair[1]) for pair in held.get("former", ()))
        held["parts"] = tuple(PartState(**part) for part in held.get("parts", ()))
        held["candidates"] = tuple(held.get("candidates", ()))
        return InstanceState(**held)

    def encode_group(self, state: GroupState) -> str:
        held = _shallow(state)
        held["intent"] = {"$event": GroupIntended.kind, "fields": event_fields(state.intent)}
        return self._dump(held)

    def decode_group(self, text: str) -> GroupState:
        return GroupState(**json.loads(text, object_hook=self._object))

    def _dump(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=self._special)

    def _special(self, value: Any) -> Any:
        if isinstance(value, Call):
            return {"$call": _shallow(value) | {"body": [self._piece(piece) for piece in value.body]}}
        if is_dataclass(value) and not isinstance(value, type):
            return _shallow(value)
        if isinstance(value, Mapping):
            return dict(value)
        raise TypeError(f"{type(value).__name__} has no place in the journal")

    def _piece(self, piece: bytes | Upload) -> dict[str, Any]:
        if isinstance(piece, Upload):
            return {"file": _shallow(piece)}
        if len(piece) > BLOB_ABOVE:
            return {"blob": self._blobs.put(piece)}
        try:
            return {"text": piece.decode()}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(piece).decode()}

    def _object(self, held: dict[str, Any]) -> Any:
        if "$call" in held:
            call = held["$call"]
            call["headers"] = tuple((name, value) for name, value in call["headers"])
            call["body"] = tuple(self._read_piece(piece) for piece in call["body"])
            return Call(**call)
        if "$event" in held:
            made = KINDS[held["$event"]]
            return made(**{name: _tuples(made, name, value) for name, value in held["fields"].items()})
        return held

    def _read_piece(self, held: Mapping[str, Any]) -> bytes | Upload:
        if "file" in held:
            return Upload(**held["file"])
        if "blob" in held:
            return self._blobs.get(held["blob"])
        return held["text"].encode() if "text" in held else base64.b64decode(held["base64"])


def _shallow(value: Any) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _tuples(made: type[Event], name: str, value: Any) -> Any:
    """JSON knows lists alone; what was a tuple in the event becomes one again."""
    if made is GroupIntended and name == "members":
        return tuple(Member(**member) for member in value)
    if made is GroupIntended and name == "baseline":
        return {mark: tuple(ids) for mark, ids in value.items()}
    if made is Received and name == "parts":
        return tuple(PartReceipt(**part) for part in value)
    tuples = ("baseline", "candidates", "marks", "parts")
    return tuple(value) if isinstance(value, list) and name in tuples else value
