"""docs/coverage.md, made from the inventories of the original texts, our documents, and the contract tests.

python tests/support/coverage_table.py > docs/coverage.md
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.api.catalogue import Catalogue
from runner.api.openapi.parse import parse
from runner.sandbox.app import EMULATED

TESTS = Path(__file__).parents[1] / "contract"
HEAD = """# Coverage

Every operation and every request field of the five original texts: where it stands in our documents, whether the
sandbox serves it, and which contract test sends it. Made by `make docs` from the inventories in
`tests/contract/inventory/`, which are written by hand from the texts; a test keeps it true.
"""


@dataclass(frozen=True)
class Mentions:
    """The texts that stand in one test, or (without a name) in a file beside its tests."""

    file: str
    test: str
    texts: frozenset[str]

    def __str__(self) -> str:
        return f"`{self.file}::{self.test}`" if self.test else f"`{self.file}`"


def mentions(provider: str) -> list[Mentions]:
    """What the contract tests of a provider name, test by test; a module's own values belong to whoever names them."""
    found: list[Mentions] = []
    for file in sorted(TESTS.glob(f"test_{provider}*.py")):
        if provider == "rev" and file.name.startswith("test_revoice"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        known = _top_level(ast.parse((TESTS / "conftest.py").read_text(encoding="utf-8"))) | _top_level(tree)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.append(Mentions(file.name, node.name, _reach(node, known)))
    return found


def _top_level(tree: ast.Module) -> dict[str, ast.AST]:
    """Values, helpers and fixtures of a module by name."""
    found: dict[str, ast.AST] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found |= {target.id: node.value for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("test_"):
            found[node.name] = node
    return found


def _reach(node: ast.AST, known: dict[str, ast.AST]) -> frozenset[str]:
    """The texts in a test and in everything that it names, however deep."""
    texts: set[str] = set()
    waiting, seen = [node], set()
    while waiting:
        for child in ast.walk(waiting.pop()):
            if isinstance(child, ast.Constant) and isinstance(child.value, str):
                texts.add(child.value)
            elif isinstance(child, ast.keyword | ast.arg) and child.arg:
                texts |= {child.arg, child.arg.replace("_", "-")}
            name = (
                child.id if isinstance(child, ast.Name) else child.arg if isinstance(child, ast.arg) else ""
            )
            if name in known and name not in seen:
                seen.add(name)
                waiting.append(known[name])
    return frozenset(texts)


def rows(provider: str) -> Iterator[tuple[str, str, str, str, str]]:
    """(operation, field, place, sandbox, test) for every operation and request field of a text."""
    inventory = parse((TESTS / "inventory" / f"{provider}.yaml").read_text(encoding="utf-8"), provider)
    document = Catalogue().provider(provider)
    said = mentions(provider)
    served = "yes" if provider in EMULATED else ""
    for entry in inventory["operations"]:
        method, path = entry["call"].split(" ")
        id = next(
            (
                id
                for id, target in document.index.items()
                if (target.method.upper(), target.path) == (method, path)
            ),
            "",
        )
        calling = [one for one in said if id in one.texts]
        yield entry["call"], "", f"`{id}`", served, str(calling[0]) if calling else ""
        for kind, field in _fields(entry):
            last = field.replace("[]", "").rsplit(".", 1)[-1]
            sending = [one for one in calling if last in one.texts]
            yield entry["call"], field, f"`{id}` {kind}", served, str(sending[0]) if sending else ""


def _fields(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for kind in ("path", "query", "headers", "body"):
        for field in entry.get(kind) or ():
            yield kind.removesuffix("s"), str(field)


def table() -> str:
    """The whole page."""
    lines = [HEAD]
    for file in sorted((TESTS / "inventory").glob("*.yaml")):
        lines += [f"\n## {file.stem}\n", "| operation | field | in the document | sandbox | test |"]
        lines.append("| --- | --- | --- | --- | --- |")
        lines += [
            f"| `{call}` | {f'`{field}`' if field else '—'} | {place} | {served} | {test} |"
            for call, field, place, served, test in rows(file.stem)
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
