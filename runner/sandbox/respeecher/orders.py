"""Orders of the emulated Respeecher, which are paid for, and the credits that pay."""

import uuid
from collections.abc import Mapping
from typing import Any

from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.respeecher.calibrations import Calibrations
from runner.sandbox.respeecher.catalogue import USER_ID, VOICES
from runner.sandbox.respeecher.library import CREDITS, Library
from runner.sandbox.respeecher.recording import Order, Recording, order_shown, state_of, tried_again
from runner.sandbox.respeecher.recordings import converted
from runner.sandbox.respeecher.replies import body_id, checked, error, id_in, invalid, is_id
from runner.sandbox.respeecher.rules import ORDER

CHARACTERS = 4000
"""Characters of a text that a credit pays for; of a sound it pays for a minute (a public description, not the
text)."""

_MOST_LABEL = 40


class Orders:
    """The operations on orders and credits."""

    def __init__(self, library: Library, calibrations: Calibrations) -> None:
        self._library = library
        self._calibrations = calibrations

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations."""
        return (
            Operation("createOrder", "POST", "/api/v2/orders", self.create_order),
            Operation("retryOrder", "POST", "/api/v2/orders/retry/{recording_id}", self.retry_order),
            Operation("getCredits", "GET", "/api/credits", self.get_credits),
        )

    def get_credits(self, ask: Ask) -> Reply:
        """What is left, and what there was at first."""
        return Reply(value={"credits": self._library.credits, "initial_credits": CREDITS})

    def create_order(self, ask: Ask) -> Reply:
        """Begins a conversion for each entry, all of them or none, and charges each."""
        body = checked(ask, ORDER)
        original = self._library.original(body_id(body, "original_id"), 403)
        if state_of(original, self._library.clock.virtual()) != "done":
            raise Refusal(invalid(["body", "original_id"], "the original is not done"))
        calibration = self._calibration(body, original)
        for place, wanted in enumerate(body["conversions"]):
            _check(wanted, original, place)
        cost = price(original)
        if cost * len(body["conversions"]) > self._library.credits:
            raise Refusal(error(402, "Not enough credits"))
        orders = [self._begin(ask, original, wanted, calibration, cost) for wanted in body["conversions"]]
        return Reply(value=[self._shown(order) for order in orders])

    def retry_order(self, ask: Ask) -> Reply:
        """Tries a failed conversion again, by its own id or by its original's; nothing is charged a second time."""
        asked = self._library.recording(id_in(ask.params, "path", "recording_id"), 403)
        now = self._library.clock.virtual()
        failed = [
            each
            for each in self._library.recordings
            if asked.id in (each.id, each.original_id) and each.original_id and state_of(each, now) == "error"
        ]
        if not failed:
            raise Refusal(invalid(["path", "recording_id"], "there is no failed conversion to try again"))
        recording = tried_again(failed[-1], self._library.clock)
        self._library.recordings.put(recording.id, recording)
        self._library.accept(ask, recording, {"recording_id": asked.id}, 0)
        order = next(each for each in self._library.orders if each.conversion_id == recording.id)
        return Reply(value=self._shown(order))

    def _calibration(self, body: Mapping[str, Any], original: Recording) -> str:
        if original.tts:
            return ""
        if not body.get("use_calibration"):
            return self._calibrations.enabled()
        if "calibration_id" not in body:
            raise Refusal(invalid(["body", "calibration_id"], "field required with use_calibration"))
        return self._calibrations.usable(body_id(body, "calibration_id"))

    def _begin(
        self, ask: Ask, original: Recording, wanted: Mapping[str, Any], calibration: str, cost: float
    ) -> Order:
        clock, id = self._library.clock, str(uuid.uuid4())
        voice = VOICES[wanted["voice_id"].lower()]
        recording = converted(
            original,
            id,
            wanted.get("label", ""),
            clock.virtual(),
            clock.real(),
            voice_id=voice["id"],
            voice_name=voice["name"],
            calibration_id=calibration,
            params={key: value for key, value in wanted.items() if key not in ("voice_id", "label")},
        )
        order = Order(str(uuid.uuid4()), original.id, id, clock.real(), calibration)
        self._library.recordings.put(id, recording)
        self._library.orders.put(order.id, order)
        self._library.charge(cost)
        self._library.accept(ask, recording, {"original_id": original.id, **wanted}, cost)
        return order

    def _shown(self, order: Order) -> dict[str, Any]:
        recording = self._library.recording(order.conversion_id, 403)
        return order_shown(order, recording, USER_ID, self._library.clock)


def price(original: Recording) -> float:
    """The credits that one conversion of an original costs."""
    if original.tts:
        return round(len(original.text) / CHARACTERS, 4)
    return round(original.duration / 60, 4)


def _check(wanted: Mapping[str, Any], original: Recording, place: int) -> None:
    """Answers 403 for a voice that is not available, 422 for everything else that is wrong with a conversion."""
    at: list[str | int] = ["body", "conversions", place]
    for name in ("voice_id", "narration_style_id", "accent_id"):
        if wanted.get(name) is not None and not is_id(wanted[name]):
            raise Refusal(invalid([*at, name], "value is not a valid uuid"))
    if len(wanted.get("label", "")) > _MOST_LABEL:
        raise Refusal(invalid([*at, "label"], f"must be at most {_MOST_LABEL} characters"))
    voice = VOICES.get(wanted["voice_id"].lower())
    if voice is None:
        raise Refusal(error(403, "Voice not available"))
    if original.tts and not wanted.get("narration_style_id"):
        raise Refusal(invalid([*at, "narration_style_id"], "required when the original is a text"))
    for name, held in (("narration_style_id", "narration_styles"), ("accent_id", "accents")):
        told = wanted.get(name)
        if told is not None and told.lower() not in {each["id"] for each in voice[held]}:
            raise Refusal(invalid([*at, name], "the voice has none of this id"))
