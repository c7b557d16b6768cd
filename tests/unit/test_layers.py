"""The arrows between the packages, and the size of a module: what keeps the house as it was drawn."""

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 300
MAY_IMPORT = {
    "model": set(),
    "api": {"model"},
    "workbook": {"model", "api"},
    "compile": {"model", "api", "workbook"},
    "engine": {"model", "api", "workbook", "compile"},
    "sandbox": {"model", "api", "workbook", "compile"},
    "report": {"model", "api", "workbook", "compile"},
    "cli": {"model", "api", "workbook", "compile", "engine", "sandbox", "report"},
}
ROOMS = {
    "api": ["strategies", "lifecycles", "messages", "", "vocabulary", "openapi"],
    "compile": ["planning", "checks", "instances", "text", "expressions", ""],
    "engine": ["", "running", "download", "wire", "state", "machine"],
    "sandbox": ["", "blurb", "dubformer", "respeecher", "rev", "revoice", "ground"],
}
"""The rooms of a package, those that use others before them; the empty name is the package's own folder."""
BESIDE = [{"text", "expressions"}, {"state", "wire"}, {"blurb", "dubformer", "respeecher", "rev", "revoice"}]
"""Rooms that know nothing of each other."""
MODULES = sorted((ROOT / "runner").rglob("*.py"))
A_RUN = "runner.engine.running.apply"
"""The one module that others know which it is made of: the parts of a run name it in their types."""


def imported_packages(text: str, package: str) -> Iterator[tuple[int, str]]:
    """(line, package of runner) for every import of `text`, a module of `package`; relative ones too."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = ["runner", package][: 3 - node.level]
                names = [".".join([*base, node.module or "", node.names[0].name])]
            elif node.module == "runner":
                names = [f"runner.{alias.name}" for alias in node.names]
            else:
                names = [node.module or ""]
        for name in names:
            parts = [part for part in name.split(".") if part]
            if parts[0] == "runner" and len(parts) > 1:
                yield node.lineno, parts[1]


def wrong_arrows(text: str, package: str, allowed: dict[str, set[str]]) -> list[str]:
    """What a module of `package` imports though it stands to its left, or beside it."""
    return [
        f"line {line}: {package} → {target}"
        for line, target in imported_packages(text, package)
        if target in allowed and target != package and target not in allowed[package]
    ]


def package_of(module: Path) -> str:
    parts = module.relative_to(ROOT / "runner").parts
    return parts[0] if len(parts) > 1 else ""


def name_of(module: Path) -> str:
    return ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def modules_named(text: str, known: set[str]) -> set[str]:
    """The modules that a text imports, anywhere in it: at its top, in a function, for its types."""
    found = {
        full if (full := f"{node.module}.{alias.name}") in known else node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return found & known


def circle(imports: Mapping[str, set[str]]) -> list[str]:
    """Modules that import each other, the first once more at the end; none where there is no circle."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_in_a_circle() -> None:
    known = {name_of(module): module for module in MODULES}
    imports = {
        name: modules_named(module.read_text(encoding="utf-8"), set(known)) - {name}
        for name, module in known.items()
    }
    parts = imports[A_RUN]
    for part in parts:
        imports[part].discard(A_RUN)

    assert circle(imports) == []


def test_a_circle_is_caught() -> None:
    texts = {
        "runner.a": "from runner import b",
        "runner.b": "def f():\n    from runner.c import thing",
        "runner.c": "if TYPE_CHECKING:\n    from runner.a import Thing",
    }

    found = circle({name: modules_named(text, set(texts)) for name, text in texts.items()})

    assert set(found) == set(texts)


def test_modules_import_only_packages_to_their_right() -> None:
    wrong = {
        str(module.relative_to(ROOT)): arrows
        for module in MODULES
        if (package := package_of(module))
        and (arrows := wrong_arrows(module.read_text(encoding="utf-8"), package, MAY_IMPORT))
    }

    assert wrong == {}


def test_modules_are_short_enough_to_read() -> None:
    lengths = {
        str(module.relative_to(ROOT)): len(module.read_text(encoding="utf-8").splitlines())
        for module in MODULES
    }

    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def room_of(name: str) -> tuple[str, str]:
    """Package and room of a module's dotted name."""
    package, *rest = name.split(".")[1:]
    return package, rest[0] if len(rest) > 1 else ""


def goes_up(name: str, imported: str) -> bool:
    """Whether an import leads from a room to one that uses it, or to one beside it."""
    (package, room), (other, target) = room_of(name), room_of(imported)
    if package != other or package not in ROOMS or room == target:
        return False
    if any({room, target} <= some for some in BESIDE):
        return True
    return ROOMS[package].index(room) > ROOMS[package].index(target)


def test_rooms_of_a_package_import_only_rooms_below_them() -> None:
    known = {name_of(module): module for module in MODULES if module.name != "__init__.py"}
    wrong = [
        f"{name} → {imported}"
        for name, module in known.items()
        for imported in modules_named(module.read_text(encoding="utf-8"), set(known))
        if goes_up(name, imported)
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("name", "imported", "wrong"),
    [
        ("runner.engine.state.journal", "runner.engine.run", True),
        ("runner.engine.wire.transport", "runner.engine.state.journal", True),
        ("runner.sandbox.rev.service", "runner.sandbox.revoice.rules", True),
        ("runner.engine.running.apply", "runner.engine.state.journal", False),
        ("runner.compile.planning.plan", "runner.compile.nearby", False),
        ("runner.cli.plan", "runner.engine.run", False),
    ],
)
def test_an_arrow_between_rooms_is_judged(name: str, imported: str, wrong: bool) -> None:
    assert goes_up(name, imported) == wrong


def test_every_package_has_its_place_in_the_order() -> None:
    packages = {package_of(module) for module in MODULES} - {""}

    assert packages <= set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("model", "from runner.api.openapi.operation import Operation"),
        ("compile", "import runner.engine.running.apply"),
        ("report", "from runner.engine import apply"),
        ("engine", "from runner import sandbox"),
        ("sandbox", "from ..engine.journal import Journal"),
        ("api", "def f():\n    from runner.compile.text.load import load"),
    ],
)
def test_a_wrong_arrow_is_caught(package: str, line: str) -> None:
    assert len(wrong_arrows(line, package, MAY_IMPORT)) == 1


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("cli", "from runner.report import words"),
        ("compile", "from runner.compile.text.source import parse_yaml"),
        ("compile", "from .source import parse_yaml"),
        ("engine", "import json, runner.api.messages.encode"),
    ],
)
def test_a_right_arrow_is_let_through(package: str, line: str) -> None:
    assert wrong_arrows(line, package, MAY_IMPORT) == []
