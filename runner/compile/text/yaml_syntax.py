"""What the YAML parser says, in words for the person who wrote the text."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from runner.compile.text.yaml_values import line_at
from runner.model.frozen import frozen
from runner.model.problem import Place, Problem

_EXPRESSION = re.compile(
    r"""\$\{\{ (?: "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | [^"'}] | \}(?!\}) )* \}\}""", re.VERBOSE
)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_SPACE = re.compile(r"\s*(?:- )?[A-Za-z_][\w.-]*:[^\s:/].*")


@frozen
class Spot:
    """A place as the parser marks it; all from 0."""

    line: int
    column: int
    index: int


@frozen
class Said:
    """A translated complaint."""

    message: str
    hint: str
    at: Spot


def expression_span(error: Exception, text: str) -> tuple[int, int] | None:
    """From where to where the unquoted expression goes over which the parser fell inside `{ }` or `[ ]`."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None
    if "did not find expected ','" not in (error.problem or ""):
        return None
    start = error.problem_mark.index - 1
    match = _EXPRESSION.match(text, start) if start >= 0 else None
    return match.span() if match else None


def find_depth(text: str, deepest: int, parser: Callable[[str], Any]) -> Spot | None:
    """The place where collections nest deeper than `deepest`, or None.

    The composer recurses in C and would bring the process down. A bound from the text alone is enough for
    almost every document; only where it is exceeded are the parser's events counted.
    """
    if _depth_bound(text, deepest) <= deepest:
        return None
    depth = 0
    events = parser(text)
    try:
        while (event := events.get_event()) is not None:
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > deepest:
                    return _spot(event.start_mark)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return None  # the composer stops at the same place, and says why
    finally:
        events.dispose()
    return None


def _depth_bound(text: str, deepest: int) -> int:
    # A block collection stands further right than the one around it, but a list may stand below its key.
    block = deepest + 1 if re.search(rf"(?m)^[ \t?:-]{{{deepest // 4}}}", text) else deepest // 2
    if text.count("[") + text.count("{") <= deepest // 2:
        return block
    flow = most = 0
    for match in re.finditer(r"[\[\]{}]", text):
        flow += 1 if match[0] in "[{" else -1
        most = max(most, flow)
        flow = max(flow, 0)
    return block + max(0, most - deepest // 2) if block <= deepest else block


def syntax_problem(error: Exception, text: str, file: str) -> Problem:
    """The parser's error as a problem with its place, its line and what to do."""
    said = _translate(error, text)
    where = Place(file, said.at.line + 1, said.at.column + 1)
    return Problem("yaml-syntax", said.message, where, said.hint, line_at(text, said.at.index))


def _translate(error: Exception, text: str) -> Said:
    if not isinstance(error, yaml.MarkedYAMLError):
        return _bad_character(text)
    problem = error.problem or ""
    at = _spot(error.problem_mark) or _spot(error.context_mark) or Spot(0, 0, 0)
    opened = _spot(error.context_mark) or at
    for words, translate in _TRANSLATIONS:
        if words in problem:
            return translate(text, at, opened)
    return Said(f"this is not YAML: {problem}", "mend or quote this line", at)


def _spot(mark: Any) -> Spot | None:
    return Spot(mark.line, mark.column, mark.index) if mark is not None else None


def _bad_character(text: str) -> Said:
    match = _UNPRINTABLE.search(text)
    index = match.start() if match else 0
    at = Spot(text.count("\n", 0, index), index - (text.rfind("\n", 0, index) + 1), index)
    code = f"U+{ord(match[0]):04X}" if match else "of another encoding"
    return Said(f"a character ({code}) that YAML does not allow", "delete it, and save the file as UTF-8", at)


def _bad_start(text: str, at: Spot, opened: Spot) -> Said:
    found = text[at.index : at.index + 1]
    if found == "\t":
        return Said("a tab stands where YAML wants spaces", "indent with spaces", at)
    return Said(f"a value cannot begin with {found}", "put the value in quotes", at)


def _second_colon(text: str, at: Spot, opened: Spot) -> Said:
    line = line_at(text, at.index)
    before = line[: at.column]
    if "${{" in before:
        return Said("an expression with `: ` in it must stand in quotes", "put the whole value in quotes", at)
    above = _line_above(text, at.index)
    if ": " in before or above is None:
        return Said("a second `: ` stands in this value", "put the value in quotes", at)
    start, line_above = above
    if _NO_SPACE.fullmatch(line_above) or ":" not in line_above:
        column = _indent(line_above)
        return _missing_colon(text, at, Spot(text.count("\n", 0, start), column, start + column))
    what = "this line is indented deeper than the one above, which already has a value"
    indent = _indent(line)
    return Said(what, "align it with the line above", Spot(at.line, indent, at.index - at.column + indent))


def _unclosed_flow(text: str, at: Spot, opened: Spot) -> Said:
    bracket = text[opened.index : opened.index + 1]
    closing = "}" if bracket == "{" else "]"
    if text[at.index - 1 : at.index + 2] == "${{":
        what = "an expression inside `{ }` or `[ ]` must stand in quotes"
        return Said(
            what, "put it in quotes, and close it with `}}`", Spot(at.line, at.column - 1, at.index - 1)
        )
    if at.line == opened.line:
        return Said(f"a `,` or `{closing}` is missing here", "or put the value in quotes", at)
    return Said(f"this `{bracket}` is not closed", f"close it with `{closing}`", opened)


def _unclosed_quote(text: str, at: Spot, opened: Spot) -> Said:
    quote = text[opened.index : opened.index + 1]
    escaped = '\\"' if quote == '"' else "''"
    return Said(
        "this quote is not closed",
        f"close it with {quote}, and write one inside the text as {escaped}",
        opened,
    )


def _misfit(text: str, at: Spot, opened: Spot) -> Said:
    found = text[at.index : at.index + 1]
    if found in ("]", "}"):
        return Said(f"this `{found}` closes nothing", "remove it, or put the value in quotes", at)
    if found == ":":
        return Said("a key is missing before this colon", "write `key: value`", at)
    before = line_at(text, at.index)[: at.column].rstrip()
    if before[-1:] in ('"', "'"):
        return Said("text stands behind a closed quote", "put the whole value in one pair of quotes", at)
    if before.strip() and not before.strip().startswith("#"):
        return Said("text stands behind a value that has ended", "put the whole value in quotes", at)
    block = f" (the block began in line {opened.line + 1})" if opened != at else ""
    what = f"the indentation of this line fits nothing above it{block}"
    return Said(what, "align it with the lines it belongs to", at)


def _missing_colon(text: str, at: Spot, opened: Spot) -> Said:
    line = line_at(text, opened.index)
    if _NO_SPACE.fullmatch(line):
        further = line.index(":") - opened.column
        spot = Spot(opened.line, opened.column + further, opened.index + further)
        return Said("a space is missing after this colon", "write `key: value`", spot)
    return Said("this line is neither `key: value` nor `- item`", "is a `: ` missing?", opened)


def _list_in_line(text: str, at: Spot, opened: Spot) -> Said:
    return Said("a list cannot begin in the line of its key", "begin it in a new line, or write `[a, b]`", at)


def _after_block_sign(text: str, at: Spot, opened: Spot) -> Said:
    sign = text[opened.index : opened.index + 1]
    return Said(
        f"text stands behind {sign} in the same line", "begin it in the next line, or quote the value", at
    )


def _stray_colon(text: str, at: Spot, opened: Spot) -> Said:
    return Said("a colon stands where none can", "put the value in quotes", at)


def _sign(text: str, at: Spot, opened: Spot) -> Said:
    return Said(
        f"a name is missing behind {text[opened.index : opened.index + 1]}", "or quote the value", opened
    )


def _alias(text: str, at: Spot, opened: Spot) -> Said:
    match = re.compile(r"\*[^\s,\]}]*").match(text, at.index)
    name = match[0] if match else "*"
    return Said(
        f"the alias `{name}` names no anchor", f"mark one with `&{name[1:]}` above, or quote the value", at
    )


def _anchor(text: str, at: Spot, opened: Spot) -> Said:
    return Said(f"this anchor was given before, in line {opened.line + 1}", "rename one of them", at)


def _escape(text: str, at: Spot, opened: Spot) -> Said:
    return Said(
        "a backslash with an unknown letter behind it", "use single quotes, or double the backslash", at
    )


def _second_document(text: str, at: Spot, opened: Spot) -> Said:
    return Said("a second document begins here; a file holds one", "remove the `---`, or split the file", at)


def _line_above(text: str, index: int) -> tuple[int, str] | None:
    """The start and the text of the nearest line above that is not empty."""
    end = text.rfind("\n", 0, index)
    while end > 0:
        start = text.rfind("\n", 0, end) + 1
        line = text[start:end].rstrip("\r")
        if line.strip():
            return start, line
        end = start - 1
    return None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


_TRANSLATIONS: tuple[tuple[str, Callable[[str, Spot, Spot], Said]], ...] = (
    ("cannot start any token", _bad_start),
    ("found a tab character", _bad_start),
    ("mapping values are not allowed", _second_colon),
    ("did not find expected ','", _unclosed_flow),
    ("found unexpected end of stream", _unclosed_quote),
    ("found unexpected document indicator", _unclosed_quote),
    ("did not find expected key", _misfit),
    ("did not find expected node content", _misfit),
    ("did not find expected '-'", _misfit),
    ("could not find expected ':'", _missing_colon),
    ("block sequence entries are not allowed", _list_in_line),
    ("<document start>", _misfit),
    ("expected comment or line break", _after_block_sign),
    ("found unexpected ':'", _stray_colon),
    ("alphabetic or numeric character", _sign),
    ("found undefined alias", _alias),
    ("second occurrence", _anchor),
    ("found unknown escape character", _escape),
    ("but found another document", _second_document),
)
