"""Calibrations of the emulated Respeecher."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from runner.sandbox.ground.clock import Clock, iso, share
from runner.sandbox.ground.wire import Ask, Operation, Refusal, Reply
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.catalogue import USER, USER_ID
from runner.sandbox.respeecher.recording import error_of
from runner.sandbox.respeecher.recordings import seconds_of
from runner.sandbox.respeecher.replies import error, form_of, id_in, invalid, label_in
from runner.sandbox.respeecher.rules import MOST_UPLOAD

WORK = 20.0
"""Virtual seconds that a calibration takes."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibration; `created_at` is real, `due` virtual; `error` is empty when it ends well."""

    id: str
    name: str
    created_at: float
    due: float
    size: int
    sha256: str
    error: str = ""
    enabled: bool = False


class Calibrations:
    """The operations on calibrations. At most one is enabled; without one it is chosen automatically."""

    def __init__(self, world: World, clock: Clock) -> None:
        self._clock = clock
        self._table = world.table("respeecher.calibration", Calibration)

    def operations(self) -> tuple[Operation, ...]:
        """The documented operations."""
        base = "/api/calibration"
        one = f"{base}/{{calibration_id}}"
        return (
            Operation("createCalibration", "POST", base, self.create, form=True),
            Operation("listCalibrations", "GET", base, self.list_all),
            Operation("setAutoCalibration", "POST", f"{base}/auto", self.set_auto),
            Operation("getCalibration", "GET", one, lambda ask: Reply(value=self._shown(self._one(ask)))),
            Operation("deleteCalibration", "DELETE", one, self.delete),
            Operation("enableCalibration", "PUT", f"{one}/enable", self.enable),
        )

    def create(self, ask: Ask) -> Reply:
        """Takes a sound under a name that no other calibration has."""
        form = form_of(ask, ("name",), MOST_UPLOAD, 400)
        if "name" not in form.fields:
            raise Refusal(invalid(["body", "name"], "field required"))
        name = label_in(form.fields["name"], "name")
        if any(each.name == name for each in self._table):
            raise Refusal(error(400, "There is a calibration of this name already"))
        file = form.files["data"]
        seconds_of(file)
        id = str(uuid.uuid4())
        due = self._clock.virtual() + WORK * (0.8 + 0.4 * share(id))
        made = Calibration(id, name, self._clock.real(), due, file.size, file.sha256, error_of(name))
        self._table.put(id, made)
        return Reply(value=self._shown(made))

    def list_all(self, ask: Ask) -> Reply:
        """All calibrations."""
        return Reply(value=[self._shown(each) for each in self._table])

    def enable(self, ask: Ask) -> Reply:
        """Enables one that is calibrated, in place of the others."""
        chosen = self._one(ask)
        if self._state(chosen) != "calibrated":
            raise Refusal(error(400, "The calibration is not calibrated"))
        self._enable(chosen.id)
        return Reply(value=self._shown(self._one(ask)))

    def set_auto(self, ask: Ask) -> Reply:
        """Enables none."""
        self._enable("")
        return Reply(value=dict(USER))

    def delete(self, ask: Ask) -> Reply:
        """Forgets a calibration."""
        gone = self._one(ask)
        self._table.remove(gone.id)
        return Reply(value=self._shown(gone))

    def enabled(self) -> str:
        """The enabled calibration's id; empty when it is chosen automatically."""
        return next((each.id for each in self._table if each.enabled), "")

    def usable(self, id: str) -> str:
        """The id of a calibration that can be used; answers 403 for any other."""
        found = self._table.get(id)
        if found is None or self._state(found) != "calibrated":
            raise Refusal(error(403, "Calibration not available"))
        return found.id

    def _enable(self, id: str) -> None:
        for each in list(self._table):
            if each.enabled != (each.id == id):
                self._table.put(each.id, replace(each, enabled=each.id == id))

    def _one(self, ask: Ask) -> Calibration:
        found = self._table.get(id_in(ask.params, "path", "calibration_id"))
        if found is None:
            raise Refusal(error(400, "Calibration not found"))
        return found

    def _state(self, calibration: Calibration) -> str:
        if self._clock.virtual() < calibration.due:
            return "processing"
        return "error" if calibration.error else "calibrated"

    def _shown(self, calibration: Calibration) -> dict[str, Any]:
        state = self._state(calibration)
        done = state == "calibrated"
        return {
            "id": calibration.id,
            "name": calibration.name,
            "user_id": USER_ID,
            "f0": round(90 + 120 * share(calibration.sha256), 1) if done else None,
            "algorithm": "sandbox" if done else None,
            "bucket": None,
            "key": None,
            "state": state,
            "error": calibration.error if state == "error" else None,
            "created_at": iso(calibration.created_at),
            "calibrated_at": iso(self._clock.real_of(calibration.due)) if done else None,
            "enabled": calibration.enabled,
        }
