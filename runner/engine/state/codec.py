"""Events and states as JSON, and back: what the journal's rows hold.

Large texts do not stand in rows: whatever is longer than `BLOB_ABOVE` goes to a file named by its digest beside the
journal, and the row holds the digest.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from runner.engine.machine.files import sync_folder
from runner.engine.state.keeping import Pieces
from runner.model.event import KINDS, Event, Intended
from runner.model.http import Call, Upload
from runner.model.shape import held_fields
from runner.model.state import GroupState, InstanceState

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
        if not self.folder.is_dir():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self.folder.parent)
        part = self.folder / f".{digest}.{os.getpid()}"
        with open(part, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
        sync_folder(self.folder)
        return digest

    def get(self, digest: str) -> bytes:
        """The piece, byte for byte; OSError when it has gone, ValueError when it is not what was put."""
        content = (self.folder / digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError(f"{self.folder / digest} is damaged")
        return content


class Codec:
    """Turns events and states into JSON texts and back; large pieces go through `blobs`.

    What is read is shaped by the types of the fields alone, never by what the JSON looks like: whatever an API or a
    manifest put into inputs and outputs comes back as it was. Fields that a newer runner added are passed over.
    """

    def __init__(self, blobs: Pieces) -> None:
        self._blobs = blobs
        self._encoder = json.JSONEncoder(
            ensure_ascii=False, separators=(",", ":"), default=self._special, check_circular=False
        )

    def encode_event(self, event: Event) -> str:
        return self._dump(held_fields(event))

    def decode_event(self, kind: str, text: str) -> Event:
        """The event; KeyError for a kind that only a newer runner knows."""
        made: Event = _made(KINDS[kind], json.loads(text), self._blobs)
        return made

    def encode_instance(self, state: InstanceState, intent: str = "") -> str:
        """The text of a state; `intent` is that of its open intent, where it was encoded already."""
        if not intent:
            return self._dump(held_fields(state))
        held = held_fields(state)
        del held["intent"]
        return f'{self._dump(held)[:-1]},"intent":{{"$event":"{Intended.kind}","fields":{intent}}}}}'

    def decode_instance(self, text: str) -> InstanceState:
        made: InstanceState = _made(InstanceState, json.loads(text), self._blobs)
        return made

    def encode_group(self, state: GroupState) -> str:
        return self._dump(held_fields(state))

    def decode_group(self, text: str) -> GroupState:
        made: GroupState = _made(GroupState, json.loads(text), self._blobs)
        return made

    def _dump(self, value: Any) -> str:
        text = self._encoder.encode(value)
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:  # half a character out of an API's answer: only an escape can carry it
            return json.dumps(value, separators=(",", ":"), default=self._special)
        return text

    def _special(self, value: Any) -> Any:
        if isinstance(value, Call):
            return {"$call": held_fields(value) | {"body": [self._piece(piece) for piece in value.body]}}
        if isinstance(value, Event):
            return {"$event": value.kind, "fields": held_fields(value)}
        if is_dataclass(value) and not isinstance(value, type):
            return held_fields(value)
        if isinstance(value, Mapping):
            return dict(value)
        raise TypeError(f"{type(value).__name__} has no place in the journal")

    def _piece(self, piece: bytes | Upload) -> dict[str, Any]:
        if isinstance(piece, Upload):
            return {"file": held_fields(piece)}
        if len(piece) > BLOB_ABOVE:
            return {"blob": self._blobs.put(piece)}
        try:
            return {"text": piece.decode()}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(piece).decode()}


Reader = Callable[[Any, Pieces], Any]


def _made(kind: type, held: Mapping[str, Any], blobs: Pieces) -> Any:
    """A value of a dataclass out of what JSON held of it."""
    if "$event" in held and issubclass(kind, Event):
        held = held["fields"]
    readers = _readers(kind)
    return kind(
        **{
            name: held[name] if reader is None else reader(held[name], blobs)
            for name, reader in readers
            if name in held
        }
    )


@lru_cache(maxsize=64)
def _readers(kind: type) -> tuple[tuple[str, Reader | None], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, _reader(hints[field.name])) for field in fields(kind))


def _reader(hint: Any) -> Reader | None:
    """How a field of this type is read; None: as JSON has it."""
    if hint is Call:
        return _call
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda held, _: hint(held)
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda held, blobs: _made(hint, held, blobs)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional([one for one in inner if one is not NoneType])
    if origin is tuple:
        return _tuple(inner)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        reader = _reader(inner[1])
        if reader is not None:
            return lambda held, blobs: {name: reader(one, blobs) for name, one in held.items()}
    return None


def _optional(kinds: list[Any]) -> Reader | None:
    reader = _reader(kinds[0]) if len(kinds) == 1 else None
    if reader is None:
        return None
    return lambda held, blobs: None if held is None else reader(held, blobs)


def _tuple(inner: tuple[Any, ...]) -> Reader:
    if inner[-1] is not Ellipsis:
        return lambda held, _: tuple(held)
    reader = _reader(inner[0])
    if reader is None:
        return lambda held, _: tuple(held)
    return lambda held, blobs: tuple(reader(one, blobs) for one in held)


def _call(held: Mapping[str, Any], blobs: Pieces) -> Call:
    call = held["$call"]
    known = {field.name for field in fields(Call)}
    made = {name: value for name, value in call.items() if name in known}
    made["headers"] = tuple((name, value) for name, value in call.get("headers", ()))
    made["body"] = tuple(_piece_read(piece, blobs) for piece in call["body"])
    return Call(**made)


def _piece_read(held: Mapping[str, Any], blobs: Pieces) -> bytes | Upload:
    if "file" in held:
        upload: Upload = _made(Upload, held["file"], blobs)
        return upload
    if "blob" in held:
        return blobs.get(held["blob"])
    return held["text"].encode() if "text" in held else base64.b64decode(held["base64"])
