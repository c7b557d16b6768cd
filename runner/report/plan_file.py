"""A plan in a file: `plan --out`, `show plan.json`, `apply plan.json`. Its shape is `schemas/plan.schema.json`.

It may be kept as an artefact of a public pipeline: secrets stand by their names, and addresses without the part that
signs them.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from runner.model.errors import InvalidInput
from runner.model.observation import Block, Observations, Remote
from runner.model.plan import Allowance, BulkRequests, Change, Cost, FieldDiff, Plan, Verb
from runner.model.problem import Place, Problem
from runner.model.saved import Basis, SavedPlan
from runner.model.wishes import Wishes
from runner.report.plan_json import VERSION, plan_json
from runner.report.problems import problem_json

MOST_BYTES = 512 * 1024 * 1024

_SIGNING = (
    r"x-amz-\w+|x-goog-\w+|signature|sig|awsaccesskeyid|key-pair-id|policy|expires|token|access_token|"
    "hdnts|sv|se|sp|st"
)
_SIGNED = re.compile(rf"(https?://[^\s?\"'<>]+)\?(?:[^\s\"'<>]*&)?(?:{_SIGNING})=[^\s\"'<>]*", re.IGNORECASE)


def unsigned(text: str) -> str:
    """The text with the query of each signed address left out."""
    return _SIGNED.sub(r"\1?…", text)


def is_signed(value: Any) -> bool:
    """Whether a signed address stands anywhere in a tree of JSON values."""
    if isinstance(value, str):
        return _SIGNED.search(value) is not None
    if isinstance(value, Mapping):
        return any(map(is_signed, value.values()))
    return isinstance(value, list | tuple) and any(map(is_signed, value))


def shown_plan(plan: Plan, masked: Callable[[Any], Any]) -> dict[str, Any]:
    """The plan for programs as it may lie anywhere; `masked` takes secrets out of JSON values."""
    found: dict[str, Any] = _unsigned(masked(plan_json(plan)))
    return found


def plan_file_json(saved: SavedPlan, masked: Callable[[Any], Any]) -> dict[str, Any]:
    """A saved plan as JSON: what `plan --json` prints, and under `saved` what it was made from."""
    observed = saved.observed
    held = {
        "id": saved.id,
        "made": saved.made,
        "file": saved.file,
        "variables": dict(saved.variables),
        "out_dir": saved.out_dir,
        "sandbox": saved.sandbox,
        "basis": asdict(saved.basis),
        "wishes": asdict(saved.wishes),
        "open": list(saved.open),
        "observed": {
            "offline": observed.offline,
            "lookups": {name: answer for name, answer in observed.lookups.items() if name not in saved.open},
            "remotes": {
                address: [{"id": one.id, "mark": one.mark} for one in remotes]
                for address, remotes in observed.remotes.items()
            },
            "balances": {name: asdict(balance) for name, balance in observed.balances.items()},
            "blocks": {address: asdict(block) for address, block in observed.blocks.items()},
            "warnings": [problem_json(warning) for warning in observed.warnings],
        },
    }
    return {**saved.shown, "saved": masked(held)}


def read_plan_file(file: Path) -> SavedPlan:
    """The saved plan in a file. Raises InvalidInput when it is none."""
    value = read_json(file)
    if (
        not isinstance(value, dict)
        or not isinstance(value.get("saved"), dict)
        or value.get("version") != VERSION
    ):
        raise _invalid(file, "it holds no saved plan", "make one: `runner plan --out plan.json`")
    held = value.pop("saved")
    try:
        observed = held["observed"]
        return SavedPlan(
            id=str(held["id"]),
            basis=Basis(**held["basis"]),
            wishes=Wishes(**{name: _tuple(one) for name, one in held["wishes"].items()}),
            observed=Observations(
                lookups=observed["lookups"],
                remotes={
                    address: tuple(Remote(one["id"], one["mark"]) for one in remotes)
                    for address, remotes in observed["remotes"].items()
                },
                balances={name: Cost(**one) for name, one in observed["balances"].items()},
                blocks={address: Block(**one) for address, one in observed["blocks"].items()},
                warnings=tuple(_problem(one) for one in observed["warnings"]),
                offline=observed["offline"],
            ),
            shown=value,
            open=tuple(held["open"]),
            file=str(held["file"]),
            variables=held["variables"],
            out_dir=str(held["out_dir"]),
            sandbox=bool(held["sandbox"]),
            made=str(held["made"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise _invalid(
            file, f"its saved plan cannot be read ({error})", "make it anew with this runner"
        ) from error


def read_json(file: Path) -> Any:
    """What a JSON file holds. Raises InvalidInput."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise _invalid(file, "it is too large for a plan", "name another file")
        return json.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid(file, f"it cannot be read: {error}", "name another file") from error
    except ValueError as error:
        raise _invalid(
            file, f"it is no JSON: {error}", "name a file that `runner plan --out` made"
        ) from error


def plan_of(shown: Mapping[str, Any]) -> Plan:
    """The plan for people out of the plan for programs."""
    return Plan(
        manifest=shown["manifest"],
        changes={change["address"]: _change(change) for change in shown["changes"]},
        left=tuple(shown["left"]),
        unsettled=tuple(shown["unsettled"]),
        moved=tuple((one["from"], one["to"]) for one in shown.get("moved", ())),
        bulk=tuple(BulkRequests(**one) for one in shown["bulk"]),
        balances={name: Cost(**one) for name, one in shown["balances"].items()},
        budgets=tuple(Allowance(**one) for one in shown.get("budgets", ())),
        warnings=tuple(_problem(one) for one in shown["warnings"]),
        offline=shown["offline"],
    )


def _change(held: Mapping[str, Any]) -> Change:
    made = dict(held)
    made["verb"] = Verb(held["verb"])
    for name in ("cost", "money"):
        if name in held:
            made[name] = Cost(**held[name])
    if "diff" in held:
        made["diff"] = tuple(FieldDiff(**entry) for entry in held["diff"])
    return Change(**made)


def first_difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first thing in which two plans for programs differ, in words; empty when they are equal."""
    if before == now:
        return ""
    old = {change["address"]: change for change in before.get("changes", ())}
    new = {change["address"]: change for change in now.get("changes", ())}
    for address in {**old, **new}:
        one, other = old.get(address), new.get(address)
        if one != other:
            return f"{address}: {_words(one)} in the plan, {_words(other)} now"
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return f"{', '.join(names)} are not those of the plan"


def _words(change: Mapping[str, Any] | None) -> str:
    return f"{change['verb']} ({change['reason']})" if change is not None else "nothing"


def _unsigned(value: Any) -> Any:
    if isinstance(value, str):
        return unsigned(value)
    if isinstance(value, dict):
        return {name: _unsigned(child) for name, child in value.items()}
    return [_unsigned(child) for child in value] if isinstance(value, list) else value


def _tuple(value: Any) -> Any:
    """Lists as tuples, those inside too: JSON knows no tuples."""
    return tuple(map(_tuple, value)) if isinstance(value, list) else value


def _problem(held: Mapping[str, Any]) -> Problem:
    place = {name: held[name] for name in ("line", "column", "sheet", "cell") if name in held}
    return Problem(
        code=held["code"],
        message=held["message"],
        where=Place(held.get("file", ""), **place),
        hint=held.get("hint", ""),
        source=held.get("source", ""),
        warning=held["severity"] == "warning",
    )


def _invalid(file: Path, message: str, hint: str) -> InvalidInput:
    return InvalidInput((Problem("bad-plan", message, Place(str(file)), hint),))
