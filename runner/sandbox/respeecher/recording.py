"""A recording of the emulated Respeecher, original or converted: what is kept of it, and how it looks."""

from dataclasses import dataclass, field, replace
from typing import Any

from runner.sandbox.ground.clock import Clock, iso, share

ORIGINAL = "original"
CONVERTED = "converted"
WORK = {ORIGINAL: 10.0, CONVERTED: 45.0}
"""Virtual seconds that it takes to make one ready, a fifth more or less."""

SPOKEN = 15.0
"""Characters of a text that are spoken in a second."""

_ORDER_STATES = ("new", "pre_processing", "processing", "post_processing")


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording. `created_at` is real, `born` and `due` are virtual; `error` is empty when it ends well. Of a
    conversion, `voice_id` and `params` say what was ordered. `size` in bytes, `duration` in seconds."""

    id: str
    project_id: str
    parent_folder_id: str
    type: str
    label: str
    created_at: float
    born: float
    due: float
    error: str = ""
    file_name: str = ""
    original_id: str = ""
    voice_id: str = ""
    voice_name: str = ""
    calibration_id: str = ""
    microphone: str = ""
    size: int = 0
    sha256: str = ""
    duration: float = 0.0
    starred: bool = False
    tts: bool = False
    tts_voice: str = ""
    tts_voice_id: str = ""
    text: str = ""
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One conversion that was ordered; where it stands is in the recording that it makes."""

    id: str
    original_id: str
    conversion_id: str
    created_at: float
    calibration_id: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """The note of a recording."""

    id: str
    recording_id: str
    text: str

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"recording_id": self.recording_id, "text": self.text, "id": self.id, "active": True}


def due(id: str, type: str, now: float) -> float:
    """When something that begins now will be ready."""
    return now + WORK[type] * (0.8 + 0.4 * share(id))


def error_of(*texts: str) -> str:
    """Why a recording whose label or text holds `fail` ends in `error`; empty for all others."""
    return "The recording could not be processed" if any("fail" in text.lower() for text in texts) else ""


def tried_again(recording: Recording, clock: Clock) -> Recording:
    """The same recording once more, which ends well this time."""
    now = clock.virtual()
    return replace(recording, error="", born=now, due=due(recording.id, recording.type, now))


def state_of(recording: Recording, now: float) -> str:
    """The state at a virtual time."""
    if now < recording.due:
        return "processing"
    return "error" if recording.error else "done"


def file_path(recording: Recording) -> str:
    """Where its sound lies on the gateway."""
    return f"/api/storage/{recording.id}/sound.wav"


def shown(recording: Recording, note: Note | None, clock: Clock) -> dict[str, Any]:
    """A recording as every operation shows it."""
    now = clock.virtual()
    state = state_of(recording, now)
    converted = recording.type == CONVERTED
    return {
        "id": recording.id,
        "project_id": recording.project_id,
        "parent_folder_id": recording.parent_folder_id,
        "type": recording.type,
        "url": file_path(recording) if state == "done" else None,
        "waveform_url": None,
        "file_name": recording.file_name or None,
        "label": recording.label or None,
        "state": state,
        "original_id": recording.original_id or None,
        "model_id": recording.voice_id or None,
        "model_name": recording.voice_name or None,
        "calibration_id": recording.calibration_id or None,
        "calibration_value": None,
        "calibration_name": None,
        "microphone": recording.microphone or None,
        "size": recording.size,
        "duration": recording.duration,
        "starred": recording.starred,
        "tts": recording.tts,
        "tts_voice": recording.tts_voice or None,
        "tts_voice_id": recording.tts_voice_id or None,
        "text": recording.text or None,
        "params": recording.params,
        "error": recording.error if state == "error" else None,
        "active": True,
        "created_at": iso(recording.created_at),
        "converted_at": iso(clock.real_of(recording.due)) if converted and state == "done" else None,
        "listen_count": 0,
        "process_stage": "converting" if converted and state == "processing" else None,
        "note": {"id": note.id, "text": note.text, "active": True} if note else None,
    }


def order_shown(order: Order, recording: Recording, user: str, clock: Clock) -> dict[str, Any]:
    """An order with the state of its conversion."""
    now = clock.virtual()
    state = state_of(recording, now)
    if state == "processing":
        part = (now - recording.born) / (recording.due - recording.born)
        state = _ORDER_STATES[min(int(part * len(_ORDER_STATES)), len(_ORDER_STATES) - 1)]
    closed = state in ("done", "error")
    return {
        "id": order.id,
        "user_id": user,
        "original_id": order.original_id,
        "conversion_id": order.conversion_id,
        "tracking_id": order.id,
        "state": state,
        "created_at": iso(order.created_at),
        "calibration_id": order.calibration_id or None,
        "closed_at": iso(clock.real_of(recording.due)) if closed else None,
        "error": recording.error if state == "error" else None,
    }
