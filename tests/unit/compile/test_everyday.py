"""Expressions of every day mean what Jinja makes of them: what they read, and what they come to."""

import random
from pathlib import Path
from typing import Any

import pytest

from runner.compile.expressions.everyday import AskedLater, everyday
from runner.compile.expressions.jinja import parse
from runner.compile.expressions.path import parse_path
from runner.compile.expressions.path_reading import firsts_of, jobs_of
from runner.compile.expressions.reading import Reading, read
from runner.compile.expressions.scope import Each, Env, FileReader
from runner.compile.expressions.template import compile_value
from tests.unit.compile.test_lanes import VALUES, said

OPERANDS = [
    "each.x", 'each["x"]', "each.y", "vars.cdn", "vars.n", "vars['n']", "env.KEY", "data.rows.k.x", "jobs.a.outputs.b",
    '"a"', "'b c'", "''", "0", "7", "60", "each", "each.missing", "(each.x)", "(vars.n + 1)", "file('a.txt')",
]  # fmt: skip
SIGNS = [" + ", "+", " - ", "-", " * ", "*", " / ", "/", " ~ ", "~", "\n+\n", " // ", " ** ", " % "]
FILTERS = [
    "", "", "", " | number", "|int", "| float", " | string", " | seconds", " | default", '|default("d")', "| d(0)",
    " | upper", "|default(each.y)", "|number|string", "| number()", "| default('a', true)",
]  # fmt: skip
ODD = [
    "(",
    ")",
    "'",
    '"',
    ".",
    " ",
    "|",
    "[",
    "]",
    "\\",
    "1.5",
    "1_0",
    "07",
    "not ",
    " is none",
    "é",
    ",",
    "-",
]

USUAL = [
    'file("glossaries/" + each.lang + ".tsv")', "(each.episode.length | seconds) / 60", '"a" ~ each.x', "each.x * 2",
    'each.x | default("") ~ "z"', "(vars.n + 1) * (vars.n - 1)", 'file("a.txt")', "data.rows['k'].x | number",
]  # fmt: skip


@pytest.mark.parametrize("source", USUAL)
def test_what_is_usual_needs_no_jinja(source: str) -> None:
    assert everyday(source) is not None


@pytest.mark.parametrize(
    "source",
    ["each.x.y()", "each.x is none", "1.5 + 1", "each.x and 1", "not each.x", "-each.x", "each.x[0]", "[each.x]",
     "jobs.a.outputs.b | default(1)", "f(each.x)", "other.x + 1", "each.x | upper", "each.x + ", "(" * 500,
     "'a\\n' ~ 1", "each.x | number(1)", "each.x | default(each.y)", "file(each.x, true)", "file('a') ~ 'b'"],
)  # fmt: skip
def test_what_is_not_is_left_to_it(source: str) -> None:
    assert everyday(source) is None


@pytest.mark.parametrize("seed", range(6))
def test_an_expression_means_what_jinja_makes_of_it(seed: int, tmp_path: Path) -> None:
    chance, worlds, seen = random.Random(seed), worlds_in(tmp_path), 0
    for _ in range(400):
        source = made_up(chance)
        usual = everyday(source)
        if usual is None or parse_path(source) is not None:
            continue
        seen += 1
        reading = read(parse(source), source)  # it is an expression to Jinja too
        assert wanted(reading) == {
            "names": {path.root for path in usual.paths},
            "jobs": [job for path in usual.paths for job in jobs_of(path)],
            "files": list(usual.files),
            "firsts": [first for path in usual.paths for first in firsts_of(path)],
        }, source
        text = "${{" + source + "}}"
        whole = AskedLater(source, frozenset(reading.names))
        for names in chance.sample(worlds, 4):
            assert said(compile_value(text).evaluate, names) == said(unhurried(whole), names), source
    assert seen > 40


def unhurried(expression: AskedLater) -> Any:
    """The expression by Jinja alone."""
    from runner.model.unknown import UnknownReached

    def evaluated(names: Any) -> Any:
        try:
            return expression.evaluate(names)
        except UnknownReached as reached:
            return reached.unknown

    return evaluated


def wanted(reading: Reading) -> dict[str, Any]:
    return {"names": reading.names, "jobs": reading.jobs, "files": reading.files, "firsts": reading.firsts}


def worlds_in(folder: Path) -> list[dict[str, Any]]:
    (folder / "a.txt").write_text("read", "utf-8")
    (folder / "Der Leuchtturm").write_text("found", "utf-8")
    common = {
        "vars": {"cdn": "https://cdn", "n": 3}, "env": Env({"KEY": "k"}, secret=True), "file": FileReader(folder),
        "data": {"rows": {"k": {"x": "12"}}}, "jobs": {"a": {"outputs": {"b": 5}}},
    }  # fmt: skip
    return [
        {**common, "each": Each("k", {"x": value, "y": "2"}, 3, (("", "k"),))} for value in VALUES.values()
    ]


def made_up(chance: random.Random) -> str:
    parts = [chance.choice(OPERANDS) + chance.choice(FILTERS)]
    for _ in range(chance.randrange(3)):
        parts += [chance.choice(SIGNS), chance.choice(OPERANDS) + chance.choice(FILTERS)]
    source = "".join(parts)
    if chance.random() < 0.3:
        source = f"({source}){chance.choice(FILTERS)}"
    if chance.random() < 0.2:
        source = f"file({source})"
    if chance.random() < 0.2:
        place = chance.randrange(len(source) + 1)
        source = source[:place] + chance.choice(ODD) + source[place:]
    return source
