"""What all operations of the emulated ReVoice share: errors, checked bodies, numbers in a query."""

from typing import Any

from runner.sandbox.ground.shape import Field, wrong
from runner.sandbox.ground.wire import Ask, Refusal, Reply
from runner.sandbox.ground.world import Table
from runner.sandbox.revoice.batch import Project


def error(status: int, message: str) -> Reply:
    """An error's body; its form is not documented."""
    return Reply(status, {"message": message})


def checked(ask: Ask, field: Field) -> Any:
    """The decoded body; answers 400 with the first thing that is wrong with it."""
    body = ask.json()
    if found := wrong(body, field):
        raise Refusal(error(400, found))
    return body


def number(ask: Ask, name: str, default: int, most: int | None) -> int:
    """A whole number from 1 among the query's parameters; answers 400 for anything else."""
    text = ask.query.get(name, "")
    if text == "":
        return default
    if not text.isdecimal() or len(text) > 9 or not 1 <= int(text) <= (most or int(text)):
        raise Refusal(error(400, f"{name} must be a number from 1{f' to {most}' if most else ''}"))
    return int(text)


def project_of(projects: Table[Project], ask: Ask, missing: int) -> Project:
    """The project that the path names; answers with the status `missing` when there is none."""
    project = projects.get(ask.params["projectId"])
    if project is None:
        raise Refusal(error(missing, "Project not found"))
    return project
