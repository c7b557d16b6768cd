"""The history of the figures: docs/performance.json, and the page that is made from it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from figures import Figure

BEGIN, END = "<!-- figures: made by make bench -->", "<!-- end of figures -->"


def as_json(taken: Mapping[str, Sequence[Figure]], circumstances: Mapping[str, object]) -> dict[str, Any]:
    """One run of the bench as a JSON object."""
    figures = [
        {
            "measure": measure,
            "name": figure.name,
            "value": round(figure.value, 4),
            "target": figure.target,
            "at_least": figure.at_least,
            "met": figure.met,
            "detail": {key: round(value, 6) for key, value in figure.detail.items()},
        }
        for measure, group in taken.items()
        for figure in group
    ]
    return {**circumstances, "figures": figures}


def joined(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Runs of some measures each as one run of all of them; each figure is still a ratio inside its own run."""
    return {**runs[-1], "figures": [figure for run in runs for figure in run["figures"]]}


def table(run: Mapping[str, Any]) -> str:
    """The figures of one run as a Markdown table."""
    lines = ["| measure | ratio | target | met |", "| --- | ---: | ---: | --- |"]
    for figure in run["figures"]:
        sign = "≥" if figure["at_least"] else "≤"
        target = "" if figure["target"] is None else f"{sign} {figure['target']:g}"
        met = {None: "", True: "yes", False: "**no**"}[figure["met"]]
        lines.append(f"| {figure['measure']}: {figure['name']} | {figure['value']:.3g} | {target} | {met} |")
    return "\n".join(lines)


def keep(run: Mapping[str, Any], docs: Path) -> None:
    """Adds the run to the history, and writes the page anew."""
    store, page = docs / "performance.json", docs / "performance.md"
    runs = [*(json.loads(store.read_text("utf-8")) if store.exists() else []), run]
    store.write_text(json.dumps(runs, indent=1) + "\n", "utf-8")
    page.write_text(made_page(page.read_text("utf-8"), runs), "utf-8")


def made_page(text: str, runs: Sequence[Mapping[str, Any]]) -> str:
    """The page's own text, with the newest figures and what each earlier run changed between the marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{_newest(runs)}\n\n{_changes(runs)}\n\n{END}{tail}"


def _newest(runs: Sequence[Mapping[str, Any]]) -> str:
    newest = runs[-1]
    return f"Measured {newest['date']} at {newest['commit']}, Python {newest['python']}.\n\n{table(newest)}"


def _changes(runs: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "## What was changed, and gained",
        "",
        "| date | commit | changed | gained |",
        "| --- | --- | --- | --- |",
    ]
    former: dict[str, float] = {}
    for run in runs:
        values = {f"{figure['measure']}: {figure['name']}": figure["value"] for figure in run["figures"]}
        gained = [
            f"{name} {former[name]:.3g} → {value:.3g}"
            for name, value in values.items()
            if name in former and abs(value - former[name]) > 0.1 * abs(former[name])
        ]
        lines.append(f"| {run['date']} | {run['commit']} | {run['changed']} | {'; '.join(gained)} |")
        former |= values
    return "\n".join(lines)
