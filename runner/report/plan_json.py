"""The plan for programs: the shape that `schemas/plan.schema.json` publishes."""

from dataclasses import asdict
from typing import Any

from runner.model.plan import Change, Cost, Plan
from runner.report.money import Need, costs_by_provider
from runner.report.problems import problem_json

VERSION = 1


def plan_json(plan: Plan) -> dict[str, Any]:
    """The whole plan as JSON values; it holds no secret, and no file's or download's signed address."""
    counts = plan.counts()
    return {
        "version": VERSION,
        "manifest": plan.manifest,
        "offline": plan.offline,
        "empty": plan.empty,
        "summary": {verb.value: count for verb, count in counts.items()},
        "changes": [_change(change) for change in plan],
        "left": list(plan.left),
        "unsettled": list(plan.unsettled),
        "moved": [{"from": old, "to": new} for old, new in plan.moved],
        "bulk": [{"job": bulk.job, "rows": bulk.rows, "most": bulk.most} for bulk in plan.bulk],
        "costs": _costs(plan),
        "budgets": [asdict(budget) for budget in plan.budgets],
        "balances": {provider: _cost(balance) for provider, balance in plan.balances.items()},
        "warnings": [problem_json(warning) for warning in plan.warnings],
    }


def _change(change: Change) -> dict[str, Any]:
    found: dict[str, Any] = {
        "address": change.address,
        "job": change.job,
        "uses": change.uses,
        "verb": change.verb.value,
        "sure": change.sure,
        "reason": change.reason,
        "generation": change.generation,
        "paid": change.paid,
    }
    if not change.consent:
        found["consent"] = False
    if change.cost is not None:
        found["cost"] = _cost(change.cost)
    if change.money is not None:
        found["money"] = _cost(change.money)
    if change.diff:
        found["diff"] = [
            {"field": entry.field, "before": entry.before, "after": entry.after} for entry in change.diff
        ]
    optional = {"contract": change.contract, "group": change.group, "command": change.command}
    optional |= {"approval": change.approval, "digest": change.digest}
    return found | {key: value for key, value in optional.items() if value}


def _cost(cost: Cost) -> dict[str, Any]:
    return {"amount": cost.amount, "unit": cost.unit, "estimate": cost.estimate}


def _costs(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "provider": need.provider,
            "calls": need.calls,
            "unit": need.unit,
            "amount": need.amount,
            "at_most": need.at_most,
            "unknown": need.unknown,
            **_money(need),
        }
        for need in costs_by_provider(plan)
    ]


def _money(need: Need) -> dict[str, Any]:
    if not need.currency:
        return {}
    held = {
        "amount": need.money,
        "at_most": need.money_at_most,
        "currency": need.currency,
        "calls": need.valued,
    }
    return {"money": held}
