"""The pages of `runner explain` as text for a terminal."""

import textwrap
from collections.abc import Iterable, Sequence

from runner.report.explain_fields import Field
from runner.report.explain_pages import FieldPage, IndexPage, Page, ProviderPage, UsePage
from runner.report.words import Look

WIDTH = 100


def page_text(page: Page, look: Look) -> str:
    """The whole page."""
    if isinstance(page, IndexPage):
        lines = _index(page, look)
    elif isinstance(page, ProviderPage):
        lines = _provider(page, look)
    elif isinstance(page, UsePage):
        lines = _use(page, look)
    else:
        lines = _one_field(page, look)
    return "\n".join(line.rstrip() for line in lines)


def _index(page: IndexPage, look: Look) -> Iterable[str]:
    for name, title, uses in page.providers:
        yield f"{look.paint(name, bold=True)}  {title}"
        shown = uses if len(uses) <= 40 else (*uses[:40], f"and {len(uses) - 40} more")
        yield from _wrapped(", ".join(shown), 2)
    yield ""
    yield f"More: {look.command('runner explain PROVIDER')}, {look.command('runner explain PROVIDER.NAME')}"


def _provider(page: ProviderPage, look: Look) -> Iterable[str]:
    yield f"{look.paint(page.name, bold=True)}  {page.title}"
    yield from _wrapped(page.description, 2)
    yield ""
    yield f"  at    {page.base_url or 'no server in the document: write base_url'}"
    ways = " or ".join("{" + ", ".join(names) + "}" if names else "nothing" for names in page.credentials)
    yield f"  auth  {ways or 'none'}"
    width = max((len(name) for _, name, _ in page.uses), default=0)
    for kind in ("resource", "action", "lookup"):
        held = [(name, summary) for other, name, summary in page.uses if other == kind]
        if held:
            yield ""
            yield look.paint(f"{kind}s", bold=True)
            for name, summary in held:
                yield from _columns(name, summary, width)


def _use(page: UsePage, look: Look) -> Iterable[str]:
    yield f"{look.paint(page.uses, bold=True)}  {page.kind}{': ' + page.summary if page.summary else ''}"
    yield from _wrapped(page.description, 2)
    if page.calls or page.facts:
        yield ""
    for word, text in (*page.facts.items(), *page.calls.items()):
        yield from _columns(word, text, 8)
    yield ""
    yield from _fields("with", page.inputs, look)
    yield ""
    yield look.paint("outputs", bold=True)
    told = ", ".join(page.outputs)
    more = "the fields of its answer, which the document does not tell" if page.more_outputs else ""
    yield from _wrapped("; ".join(part for part in (told, more) if part) or "none", 2)
    if page.downloads:
        yield ""
        yield look.paint("downloads", bold=True)
        width = max(len(name) for name in page.downloads)
        for name, formats in page.downloads.items():
            yield from _columns(name, formats, width)
    deep = next((one.name for one in page.inputs if one.inside), "")
    if deep:
        yield ""
        yield f"More: {look.command(f'runner explain {page.uses}.with.{deep}')}"


def _one_field(page: FieldPage, look: Look) -> Iterable[str]:
    held = page.held
    need = "required" if held.required else "optional"
    yield f"{look.paint(page.path, bold=True)}  {held.kind}, {need}"
    yield from _wrapped(held.description, 2)
    for line in _notes(held):
        yield from _wrapped(line, 2)
    if page.inside:
        yield ""
        yield from _fields("fields", page.inside, look)


def _fields(title: str, fields: Sequence[Field], look: Look) -> Iterable[str]:
    yield look.paint(title, bold=True) + ("  (* required)" if any(one.required for one in fields) else "")
    if not fields:
        yield "  nothing"
    width = max((len(one.name) + 2 for one in fields), default=0)
    for one in fields:
        first = " ".join(part for part in (one.kind, *(f"({note})" for note in _notes(one))) if part)
        yield from _columns(f"{one.name}{' *' if one.required else ''}", first, width)
        if one.description:
            yield from _wrapped(one.description, width + 4)


def _notes(held: Field) -> list[str]:
    notes = []
    if held.values:
        shown = [str(value) for value in held.values[:30]]
        notes.append(" | ".join(shown) + (" | …" if len(held.values) > 30 else ""))
    if held.has_default:
        notes.append(f"default {_plain(held.default)}")
    return [*notes, *held.limits]


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _columns(name: str, text: str, width: int) -> list[str]:
    if not text:
        return [f"  {name}"]
    return textwrap.wrap(
        text, max(WIDTH, width + 44), initial_indent=f"  {name:<{width}}  ", subsequent_indent=" " * (width + 4),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _wrapped(text: str, by: int) -> list[str]:
    space = " " * by
    return textwrap.wrap(
        text, max(WIDTH, by + 40), initial_indent=space, subsequent_indent=space, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
