"""Saved plans on the command line: written by `plan --out`, shown by `show`, carried out by `apply`."""

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.chosen import SANDBOX_KEPT, Chosen
from runner.cli.screen import here
from runner.model.errors import InvalidInput, PlanStale, RunnerError, WrongUsage
from runner.report.words import quoted

if TYPE_CHECKING:
    from runner.cli.project import Project
    from runner.cli.screen import Screen
    from runner.compile.checks.work import Work
    from runner.model.observation import Observations
    from runner.model.plan import Plan
    from runner.model.saved import SavedPlan
    from runner.model.state import State
    from runner.model.wishes import Wishes


def is_plan_file(file: Path | None) -> bool:
    """Whether a word on the command line names a saved plan rather than a manifest or an address, by what it holds."""
    if file is None or not file.is_file() or not (file.suffix == ".json" or _begins_as_json(file)):
        return False
    from runner.report.plan_file import read_json

    try:
        value = read_json(file)
    except InvalidInput:
        if file.suffix == ".json":
            raise
        return False  # YAML may begin with a brace as well
    return isinstance(value, dict) and "saved" in value


def _begins_as_json(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(1) == b"{"
    except OSError:
        return False  # whoever reads it says why it cannot be read


def plan_in(file: Path, wishes: "Wishes") -> "SavedPlan":
    """The saved plan in a file; what the command line wishes beside it is refused."""
    from runner.model.wishes import Wishes
    from runner.report.plan_file import read_plan_file

    if wishes != Wishes():
        raise WrongUsage("a saved plan is carried out as it is", "give its options to `runner plan --out`")
    return read_plan_file(file)


def same(saved: "SavedPlan", plan: "Plan", screen: "Screen") -> None:
    """Raises PlanStale when what would be done is not what the saved plan shows."""
    from runner.report.plan_file import first_difference, shown_plan

    difference = first_difference(saved.shown, shown_plan(plan, screen.masked_value))
    if difference:
        raise PlanStale(f"this plan is stale: {difference}", "make a new one: `runner plan --out plan.json`")


def chosen_by(file: Path, saved: "SavedPlan", chosen: Chosen) -> Chosen:
    """The choices that a plan was made with, and how to print from the command line."""
    kept = SANDBOX_KEPT if saved.sandbox else ""
    if chosen.variables or chosen.variable_files or chosen.out_dir or chosen.sandbox not in ("", kept):
        raise WrongUsage("a saved plan is carried out as it is", "give its options to `runner plan --out`")
    manifest = _manifest_of(file, saved)
    if not manifest.is_file():
        hint = "put it where `runner plan --out` wrote it, beside that manifest"
        raise PlanStale(f"this plan is one of {here(manifest)}, and nothing is there", hint)
    return replace(
        chosen,
        file=manifest,
        out_dir=Path(saved.out_dir) if saved.out_dir else None,
        sandbox=kept,
    )


def repeated_by(file: Path, saved: "SavedPlan") -> tuple[str, str]:
    """The options of the plan, as the commands that are told with it repeat them: of all commands, and of runs."""
    words = [f"-f {quoted(here(_manifest_of(file, saved)))}"]
    words += [f"--var {quoted(f'{name}={value}')}" for name, value in saved.variables.items()]
    words += ["--sandbox"] if saved.sandbox else []
    return " ".join(words), f"--out-dir {quoted(saved.out_dir)}" if saved.out_dir else ""


def _manifest_of(file: Path, saved: "SavedPlan") -> Path:
    return Path(os.path.normpath(file.absolute().parent / saved.file))


def write_plan(
    file: Path,
    project: "Project",
    work: "Work",
    plan: "Plan",
    made_from: "tuple[State, Observations, Wishes]",
) -> None:
    """Writes the plan and all that it was made from, whole or not at all."""
    from runner.compile.planning.basis import basis_of
    from runner.engine.machine.daytime import now_text
    from runner.model.saved import SavedPlan
    from runner.report.plan_file import is_signed, plan_file_json, shown_plan

    state, observed, wishes = made_from
    screen = project.screen
    chosen = project.chosen
    for name, value in project.variables.items():
        if screen.masked_value(value) != value:
            raise WrongUsage(
                f"the var {name} is a secret, and no plan holds one",
                f"let the manifest take it from the environment: ${{{{ env.{name.upper()} }}}}",
            )
    saved = SavedPlan(
        id=secrets.token_hex(12),
        basis=basis_of(work, plan, state, observed),
        wishes=wishes,
        observed=observed,
        shown=shown_plan(plan, screen.masked_value),
        open=tuple(name for name, answer in observed.lookups.items() if is_signed(answer)),
        file=os.path.relpath(project.file, file.absolute().parent),
        variables=project.variables,
        out_dir=str(chosen.out_dir) if chosen.out_dir is not None else "",
        sandbox=bool(chosen.sandbox),
        made=now_text(),
    )
    _write(file, plan_file_json(saved, screen.masked_value))
    screen.aside(f"Saved. Carry out exactly this plan with: runner apply {file}")


def _write(file: Path, value: object) -> None:
    import json

    if file.is_file() and file.stat().st_size and not is_plan_file(file):
        raise WrongUsage(f"{file} is there already, and is no plan", "name another file")
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunnerError(f"{file} cannot be written: {error.strerror}", "name another file") from error
