"""The parts of resources, actions and lookups in an `x-runner` object: calls, conditions, lists, delivery."""

from collections.abc import Mapping
from typing import Any

from runner.api.vocabulary import lifedata as life
from runner.model.units import seconds

Raw = Mapping[str, Any]


def spec_of(raw: Raw) -> life.CallSpec:
    """A call of an operation."""
    return life.CallSpec(
        operation=raw["operation"],
        send=dict(raw.get("send", {})),
        media={name: tuple(needs) for name, needs in raw.get("media", {}).items()},
        many=raw.get("many", ""),
        keep=tuple(raw.get("keep", ())),
        at=raw.get("at", ""),
        done=tuple(raw.get("done", ())),
        refused=conditions_of(raw.get("refused", ())),
    )


def conditions_of(raw: Any) -> tuple[life.Condition, ...]:
    """Conditions of which any one suffices."""
    return tuple(
        life.Condition(
            at=entry.get("at", ""),
            all=entry.get("all", ""),
            among=tuple(entry["in"]) if "in" in entry else None,
            present=entry.get("present"),
        )
        for entry in raw
    )


def errors_of(raw: Raw) -> life.ErrorSpec:
    """How errors are told."""
    return life.ErrorSpec(
        refused=conditions_of(raw.get("refused", ())),
        out_of_credit=conditions_of(raw.get("out_of_credit", ())),
        code=raw.get("code", ""),
        message=raw.get("message", ""),
        safe=tuple(raw.get("safe", ())),
        help={str(code): text for code, text in raw.get("help", {}).items()},
    )


def page_of(raw: Raw) -> life.Page:
    """How a list is paged."""
    return life.Page(**raw)


def list_of(name: str, raw: Raw) -> life.ListSpec:
    """A list operation under its name."""
    ids = raw.get("ids")
    return life.ListSpec(
        name=name,
        operation=raw["operation"],
        items=raw["items"],
        id=raw["id"],
        page=page_of(raw["page"]),
        send=dict(raw.get("send", {})),
        order=raw.get("order", "unknown"),
        whole=raw.get("whole") is True,
        lag=seconds(raw["lag"]) if "lag" in raw else 30.0,
        ids=(ids["param"], ids["max"]) if ids else None,
        mark=raw.get("mark", ""),
    )


def limit_of(raw: Raw) -> life.Limit:
    """What a reference field can hold."""
    return life.Limit(**raw.get("limit", {}))


def settle_of(raw: Raw, otherwise: life.Settle) -> life.Settle:
    """Settling times, or the given ones where none are told."""
    return life.Settle(seconds(raw["effect"]), seconds(raw["lag"])) if raw else otherwise


def delivery_of(raw: Raw) -> life.Delivery:
    """What settles a lost answer."""
    key, find, webhook = raw.get("key"), raw.get("find"), raw.get("webhook")
    return life.Delivery(
        key=life.KeySpec(
            key["header"], None if key["life"] == "unknown" else seconds(key["life"]), key["replay"]
        )
        if key
        else None,
        find=life.FindSpec(
            list=find["list"],
            field=find["field"],
            mark=find["mark"],
            created=find.get("created", ""),
            compare=dict(find.get("compare", {})),
            limit=limit_of(find),
        )
        if find
        else None,
        webhook=life.WebhookDelivery(webhook["field"], seconds(webhook["window"]), limit_of(webhook))
        if webhook
        else None,
        compare=dict(raw.get("compare", {})),
        settle=settle_of(raw.get("settle", {}), life.Settle()),
    )
