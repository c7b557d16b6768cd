"""The `x-runner` object of a document → the frozen types of `lifedata`."""

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.api.openapi.document import Document
from runner.api.openapi.schemas import schema_text
from runner.api.vocabulary import lifedata as life
from runner.api.vocabulary.xparts import (
    Raw,
    conditions_of,
    delivery_of,
    errors_of,
    list_of,
    page_of,
    settle_of,
    spec_of,
)
from runner.model.frozen import frozen
from runner.model.problem import Problem
from runner.model.units import seconds


@frozen
class Vocabulary:
    """Everything that an `x-runner` object says."""

    auth: tuple[life.AuthScheme, ...] = ()
    errors: life.ErrorSpec = field(default_factory=life.ErrorSpec)
    lists: Mapping[str, life.ListSpec] = field(default_factory=dict)
    resources: Mapping[str, life.Resource] = field(default_factory=dict)
    actions: Mapping[str, life.Action] = field(default_factory=dict)
    lookups: Mapping[str, life.Lookup] = field(default_factory=dict)


def shape_problems(raw: Any, document: Document, steps: tuple[str, ...] = ("x-runner",)) -> list[Problem]:
    """Where the object leaves the closed vocabulary of `schemas/x-runner.schema.json`."""
    import jsonschema

    schema = json.loads(schema_text("x-runner.schema.json"))
    found = jsonschema.Draft202012Validator(schema).iter_errors(raw)
    problems = []
    for error in sorted(found, key=lambda error: [str(step) for step in error.absolute_path]):
        inner = jsonschema.exceptions.best_match([error])
        at = (*steps, *inner.absolute_path)
        path = "/".join(str(step) for step in at)
        problems.append(document.problem("bad-x-runner", f"{path}: {inner.message}", at))
    return problems


def vocabulary(raw: Raw) -> Vocabulary:
    """The types of an object whose shape was checked."""
    return Vocabulary(
        auth=tuple(_auth(entry) for entry in raw.get("auth", ())),
        errors=errors_of(raw.get("errors", {})),
        lists={name: list_of(name, entry) for name, entry in raw.get("lists", {}).items()},
        resources={name: _resource(name, entry) for name, entry in raw.get("resources", {}).items()},
        actions={name: _action(name, entry) for name, entry in raw.get("actions", {}).items()},
        lookups={name: _lookup(name, entry) for name, entry in raw.get("lookups", {}).items()},
    )


def _resource(name: str, raw: Raw) -> life.Resource:
    calls = {word: spec_of(raw[word]) for word in _RESOURCE_CALLS if word in raw}
    effect: life.Effect = raw["effect"]
    return life.Resource(
        name=name,
        effect=effect,
        repeat=raw.get("repeat", _repeat(effect)),
        create=calls.get("create"),
        read=calls.get("read"),
        update=calls.get("update"),
        update_terms=_update_terms(raw.get("update", {}), effect),
        delete=calls.get("delete"),
        cancel=calls.get("cancel"),
        before=calls.get("before"),
        validate=calls.get("validate"),
        body=raw.get("body", ""),
        id=_identity(raw["id"]) if "id" in raw else None,
        of=raw.get("of", ""),
        exclusive=tuple(raw.get("exclusive", ())),
        fresh=_fresh(raw["fresh"]) if "fresh" in raw else None,
        parts=_parts(raw["parts"]) if "parts" in raw else None,
        status=_status(raw["status"]) if "status" in raw else None,
        delivery=delivery_of(raw.get("delivery", {})),
        wait=_wait(raw.get("wait", {})),
        webhook=_webhook(raw["webhook"]) if "webhook" in raw else None,
        downloads={key: _download(key, entry) for key, entry in raw.get("downloads", {}).items()},
        outputs=dict(raw.get("outputs", {})),
        cost=_cost(raw["cost"]) if "cost" in raw else None,
        bulk=_bulk(name, raw["bulk"]) if "bulk" in raw else None,
        errors=errors_of(raw["errors"]) if "errors" in raw else None,
    )


_RESOURCE_CALLS = ("create", "read", "update", "delete", "cancel", "before", "validate")


def _action(name: str, raw: Raw) -> life.Action:
    effect: life.Effect = raw["effect"]
    return life.Action(
        name=name,
        call=spec_of(raw),
        effect=effect,
        repeat=raw.get("repeat", _repeat(effect)),
        strategy=raw.get("strategy", ""),
        delivery=delivery_of(raw.get("delivery", {})),
        outputs=dict(raw.get("outputs", {})),
    )


def _lookup(name: str, raw: Raw) -> life.Lookup:
    return life.Lookup(
        name=name,
        call=spec_of(raw) if "operation" in raw else None,
        list=raw.get("list", ""),
        items=raw.get("items", ""),
        page=page_of(raw.get("page", {})),
        volatile=raw.get("volatile", False),
        outputs=dict(raw.get("outputs", {})),
    )


def _repeat(effect: life.Effect) -> life.Repeat:
    return "unsafe" if effect == "paid" else "safe"


def _auth(raw: Raw) -> life.AuthScheme:
    session = raw.get("session")
    return life.AuthScheme(
        needs=tuple(raw["with"]),
        headers=dict(raw.get("header", {})),
        query=dict(raw.get("query", {})),
        session=_session(session) if session else None,
    )


def _session(raw: Raw) -> life.SessionSpec:
    return life.SessionSpec(
        login=spec_of(raw["login"]),
        refresh=spec_of(raw["refresh"]) if "refresh" in raw else None,
        keep=dict(raw.get("keep", {})),
        cookies=tuple(raw.get("cookies", ())),
        life=seconds(raw["life"]) if "life" in raw else None,
        renew_on=tuple(raw.get("renew_on", (401,))),
    )


def _status(raw: Raw) -> life.StatusSpec:
    return life.StatusSpec(
        at=raw["at"],
        ready=conditions_of(raw["ready"]),
        failed=conditions_of(raw.get("failed", ())),
        looks_failed=tuple(raw.get("looks_failed", ())),
        part=raw.get("part", ""),
        fold=raw.get("fold", False),
        message=raw.get("message", ""),
    )


def _wait(raw: Raw) -> life.Wait:
    least, most = raw.get("every", ("15s", "10m"))
    return life.Wait(raw.get("list", ""), (seconds(least), seconds(most)), raw.get("until", ""))


def _download(name: str, raw: Raw) -> life.Download:
    return life.Download(
        name=name,
        url=raw.get("url", ""),
        base=raw.get("base", ""),
        auth=raw.get("auth", False),
        each=raw.get("each", ""),
        where={key: tuple(allowed) for key, allowed in raw.get("where", {}).items()},
        operation=raw.get("operation", ""),
        send=dict(raw.get("send", {})),
        accept=dict(raw.get("accept", {})),
        file_name=raw.get("name", ""),
    )


def _identity(raw: Any) -> life.Identity:
    return life.Identity(raw) if isinstance(raw, str) else life.Identity(raw["at"], raw["match"])


def _parts(raw: Raw) -> life.Parts:
    return life.Parts(
        request=raw["request"],
        response=raw["response"],
        id=raw["id"],
        name=raw.get("name", ""),
        read=spec_of(raw["read"]) if "read" in raw else None,
    )


def _fresh(raw: Raw) -> life.Fresh:
    return life.Fresh(tuple(raw["differs"]), seconds(raw["within"]))


def _update_terms(raw: Raw, effect: life.Effect) -> life.UpdateTerms:
    return life.UpdateTerms(
        effect=raw.get("effect", effect),
        repeat=raw.get("repeat"),
        takes=tuple(raw.get("takes", ())),
        fresh=_fresh(raw["fresh"]) if "fresh" in raw else None,
    )


def _webhook(raw: Raw) -> life.WebhookSpec:
    return life.WebhookSpec(raw["field"], dict(raw.get("set", {})), raw.get("id", ""), raw.get("mark", ""))


def _cost(raw: Raw) -> life.CostSpec:
    return life.CostSpec(
        unit=raw["unit"],
        paid=raw.get("paid", ""),
        balance=spec_of(raw["balance"]) if "balance" in raw else None,
        estimate=raw.get("estimate", ""),
        on=raw.get("on", "create"),
    )


def _bulk(resource: str, raw: Raw) -> life.BulkSpec:
    rows = raw.get("rows")
    return life.BulkSpec(
        strategy=raw["strategy"],
        operation=raw["operation"],
        template=raw["template"],
        field=raw["field"],
        size=raw["size"],
        same=tuple(raw.get("same", ())),
        receipt=raw.get("receipt", ""),
        progress=spec_of(raw["progress"]) if "progress" in raw else None,
        rows=life.BulkRows(list_of(f"{resource}_rows", rows["list"]), rows["name"], rows.get("message", ""))
        if rows
        else None,
        settle=settle_of(raw.get("settle", {}), life.Settle(900.0, 30.0)),
    )
