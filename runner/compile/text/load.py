"""A file → a Manifest, or everything that is wrong with its text and its shape."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from runner.compile.nearby import nearest
from runner.compile.text.file_text import read_text
from runner.compile.text.shape import Fault, check_shape
from runner.compile.text.source import Source, parse_yaml
from runner.compile.text.variables import override
from runner.model.frozen import frozen
from runner.model.manifest import READY, BulkSettings, Job, Manifest, YamlPath
from runner.model.problem import Problem
from runner.model.units import seconds

_JOB_CORE = frozenset({"uses", "with", "for_each"})
_REPLACEABLE = frozenset({"version", "name", "budget", "webhooks", "moved"})


@frozen
class Loaded:
    """`manifest` is None as soon as there is a problem that is no warning.

    `partial` then is the manifest with defaults in place of what is wrong, where the rest can still be checked
    without false alarms; it is for finding further problems, never for work.
    """

    manifest: Manifest | None
    problems: tuple[Problem, ...] = ()
    partial: Manifest | None = None
    source: Source | None = None

    def with_line(self, problem: Problem) -> Problem:
        """The problem with the text of its line, when it stands in this manifest and lacks it."""
        if problem.source or self.source is None or problem.where.file != self.source.file:
            return problem
        return replace(problem, source=self.source.line(problem.where.line))


def load(file: Path, variables: Mapping[str, Any] | None = None) -> Loaded:
    """Read, parse and check the shape of a manifest; `variables` (`--var`, `--vars`) override its `vars`.

    Nothing is raised for what the file may hold. Problems stand in the order of their places.
    """
    text = read_text(file)
    if isinstance(text, Problem):
        return Loaded(None, (text,))
    source = parse_yaml(text, str(file))
    if source.value is None and source.problems:
        return Loaded(None, source.problems)
    faults = check_shape(source)
    problems = [*source.problems, *(fault.problem for fault in faults)]
    document = source.value if isinstance(source.value, dict) else {}
    declared = document.get("vars")
    values, misgiven = override(declared if isinstance(declared, dict) else {}, variables or {})
    problems.extend(misgiven)
    ordered = tuple(sorted(problems, key=lambda problem: problem.where))
    if faults and not all(map(_replaceable, faults)):
        return Loaded(None, ordered)
    sound = _without(document, [fault.path for fault in faults])
    manifest = _manifest(file, source, sound, values, variables or {})
    return Loaded(None, ordered, manifest, source) if ordered else Loaded(manifest, source=source)


def _replaceable(fault: Fault) -> bool:
    """Whether a default may stand where this fault is, without making sound things look wrong."""
    path = fault.path
    if not path:
        return False
    if fault.problem.code == "unknown-key":
        return len(path) != 3 or path[0] != "jobs" or nearest(str(path[2]), _JOB_CORE) == ""
    if path[0] == "jobs":
        return len(path) >= 3 and path[2] not in _JOB_CORE
    if path[0] == "providers":
        return len(path) >= 3 and path[2] not in ("openapi", "overlay")
    return path[0] in _REPLACEABLE


def _without(document: Mapping[str, Any], paths: Iterable[YamlPath]) -> dict[str, Any]:
    """The document without the setting that each path leads to or into: of a job or a provider, that key."""
    made: dict[str, Any] = dict(document)
    for path in paths:
        if path[0] in ("jobs", "providers") and len(path) >= 3:
            section = made[path[0]] = dict(made[path[0]])
            section[path[1]] = {key: each for key, each in section[path[1]].items() if key != path[2]}
        else:
            made.pop(str(path[0]), None)
    return made


def _manifest(
    file: Path,
    source: Source,
    document: Mapping[str, Any],
    values: Mapping[str, Any],
    variables: Mapping[str, Any],
) -> Manifest:
    return Manifest(
        file=file.absolute(),
        name=document.get("name") or _name_of(file),
        jobs={name: _job(name, raw) for name, raw in document["jobs"].items()},
        locate=source.place,
        digest=_digest(source, variables),
        state=document.get("state"),
        vars=values,
        data=document.get("data", {}),
        publish=document.get("publish"),
        providers=document.get("providers", {}),
        budget=document.get("budget", {}),
        webhooks=document.get("webhooks"),
        moved=tuple((each["from"], each["to"]) for each in document.get("moved", ())),
    )


def _job(name: str, raw: Mapping[str, Any]) -> Job:
    timeout = raw.get("timeout")
    return Job(
        name=name,
        uses=raw["uses"],
        with_=raw.get("with"),
        for_each=raw.get("for_each"),
        if_=raw.get("if", True),
        needs=_needs(raw.get("needs", ())),
        save={key: (paths,) if isinstance(paths, str) else tuple(paths) for key, paths in _save(raw)},
        bulk=_bulk(raw.get("bulk", False)),
        cost=raw.get("cost", {}),
        on_change=raw.get("on_change", "confirm"),
        on_failure=raw.get("on_failure", "isolate"),
        timeout=seconds(timeout) if timeout else None,
        retries=int(raw.get("retries", 3)),
        redo=int(raw.get("redo", 0)),
        mark_append=raw.get("mark") == "append",
        approve=raw.get("approve", False),
        labels=raw.get("labels", {}),
    )


def _save(raw: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    saves: Mapping[str, Any] = raw.get("save", {})
    return saves.items()


def _needs(raw: Any) -> dict[str, str]:
    return dict(raw) if isinstance(raw, Mapping) else dict.fromkeys(raw, READY)


def _bulk(raw: Any) -> BulkSettings | None:
    if isinstance(raw, bool):
        return BulkSettings() if raw else None
    wait = seconds(raw["wait"]) if "wait" in raw else BulkSettings().wait
    return BulkSettings(raw.get("size"), wait, tuple(raw.get("columns", ())))


def _name_of(file: Path) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-._")[:100] or "manifest"


def _digest(source: Source, variables: Mapping[str, Any]) -> str:
    """Of the text, and of what was given beside it."""
    if not variables:
        return source.digest
    given = json.dumps(variables, sort_keys=True, default=str)
    return hashlib.sha256(f"{source.digest} {given}".encode()).hexdigest()
