"""docs/reference, one page a provider, from what `runner explain` tells."""

from collections.abc import Iterator

from runner.api.catalogue import Catalogue
from runner.api.provider import Use
from runner.compile.instances.compiled import BUILTINS
from runner.compile.instances.local import builtin_schema
from runner.report.explain import builtin_page, index, provider_page, use_page
from runner.report.explain_fields import Field, Node
from runner.report.explain_pages import UsePage

_MADE = "Made from the provider documents by `make docs`; `runner explain` shows the same."
_DEEPEST = 5


def reference_pages(catalogue: Catalogue) -> dict[str, str]:
    """File name → text: `README.md`, a page for each provider, and `built-in.md`."""
    pages = {"README.md": _index(catalogue), "built-in.md": _built_in()}
    for name in catalogue.names():
        pages[f"{name}.md"] = "\n".join(_provider(catalogue, name))
    return pages


def _index(catalogue: Catalogue) -> str:
    lines = [
        "# Reference",
        "",
        _MADE,
        "",
        "| provider | resources | actions | lookups |",
        "| --- | --- | --- | --- |",
    ]
    for name, _, _ in index(catalogue).providers:
        if name not in catalogue.names():
            continue
        provider = catalogue.provider(name)
        held = (provider.resources, provider.actions, provider.lookups)
        cells = " | ".join(", ".join(f"`{one}`" for one in sorted(kinds)) for kinds in held)
        lines.append(f"| [{provider.title}]({name}.md) `{name}` | {cells} |")
    return "\n".join(
        [*lines, "", "Beside these, [built in](built-in.md): `workbook.file` and `file.publish`.", ""]
    )


def _built_in() -> str:
    lines = ["# Built in", "", _MADE, ""]
    for uses in BUILTINS:
        schema = builtin_schema(uses)
        lines += _use(builtin_page(uses), Node(schema, schema))
    return "\n".join(lines)


def _provider(catalogue: Catalogue, name: str) -> Iterator[str]:
    provider = catalogue.provider(name)
    page = provider_page(provider)
    yield f"# {page.title}"
    yield ""
    yield _MADE
    yield ""
    yield page.description
    yield ""
    ways = " or ".join("`{" + ", ".join(names) + "}`" for names in page.credentials)
    yield f"`providers: {{{name}: {{auth: …}}}}` takes {ways}. The API is at <{page.base_url}>."
    yield ""
    for _, uses, _ in page.uses:
        inner = uses.partition(".")[2]
        kind = provider.find(inner)
        assert kind is not None
        use = Use(provider, inner, kind)
        schema = use.inputs_schema()
        yield from _use(use_page(use), Node(schema, schema))


def _use(page: UsePage, node: Node) -> Iterator[str]:
    yield f"## {page.uses}"
    yield ""
    yield f"{page.kind.capitalize()}. {page.summary}{'' if page.summary.endswith('.') or not page.summary else '.'}"
    if page.description:
        yield ""
        yield page.description
    yield ""
    for word, text in page.facts.items():
        yield f"- {word}: {text}"
    for word, text in page.calls.items():
        yield f"- {word}: `{text}`"
    yield ""
    rows = list(_rows(node, "", 0, ()))
    if rows:
        yield "| input | type | |"
        yield "| --- | --- | --- |"
        yield from rows
        yield ""
    told = ", ".join(f"`{name}`" for name in page.outputs) or "none"
    yield f"Outputs: {told}{', and the other fields of its answer' if page.more_outputs else ''}."
    if page.downloads:
        loads = [f"`{name}`{f' ({formats})' if formats else ''}" for name, formats in page.downloads.items()]
        yield ""
        yield f"Downloads: {', '.join(loads)}."
    yield ""


def _rows(node: Node, above: str, depth: int, seen: tuple[int, ...]) -> Iterator[str]:
    for one in node.fields():
        name = f"{above}{one.name}"
        yield f"| `{name}` | {_cell(one.kind)} | {_cell(_about(one))} |"
        child = node.child(one.name)
        if child is None or depth >= _DEEPEST:
            continue
        inner = tuple(id(part) for part in child.references())
        if not set(inner) & set(seen):
            many = "[]" if one.kind.startswith("list") else ""
            yield from _rows(child, f"{name}{many}.", depth + 1, (*seen, *inner))


def _about(one: Field) -> str:
    values = " \\| ".join(f"`{value}`" for value in one.values)
    words = ["required" if one.required else "", values]
    words.append(
        f"default `{str(one.default).lower() if isinstance(one.default, bool) else one.default}`"
        if one.has_default
        else ""
    )
    head = "; ".join(word for word in (*words, *one.limits) if word)
    return ". ".join(part for part in (head, one.description) if part)


def _cell(text: str) -> str:
    return text.replace("\\|", "|").replace("|", "\\|").replace("<", "&lt;")
