"""Finding the expressions in a scalar: `text ${{ expression }} text`. Nothing is evaluated here."""

from runner.compile.expressions.errors import ExpressionError
from runner.model.frozen import frozen

OPEN, CLOSE = "${{", "}}"
_PAIRS = {"(": ")", "[": "]", "{": "}"}


@frozen
class Slot:
    """The source between the delimiters, and its offset in the scalar."""

    source: str
    offset: int


def scan(text: str) -> tuple[str | Slot, ...]:
    """The scalar's texts and slots in their order; a text without `${{` is itself the only piece.

    Raises:
        ExpressionError: an expression does not end, or is empty.
    """
    pieces: list[str | Slot] = []
    position = 0
    while (start := text.find(OPEN, position)) >= 0:
        if start > position:
            pieces.append(text[position:start])
        begin = start + len(OPEN)
        end = _end(text, begin)
        if end < 0:
            raise ExpressionError(
                "an expression begins with `${{` and does not end",
                "close its quotes and brackets, and end it with `}}`",
                start,
            )
        if not text[begin:end].strip():
            raise ExpressionError("`${{ }}` is empty", "write an expression in it", start)
        pieces.append(Slot(text[begin:end], begin))
        position = end + len(CLOSE)
    if position < len(text) or not pieces:
        pieces.append(text[position:])
    return tuple(pieces)


def _end(text: str, position: int) -> int:
    """Where the `}}` stands that ends the expression, outside of quotes and brackets; else -1."""
    open_brackets: list[str] = []
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif not open_brackets and text.startswith(CLOSE, position):
            return position
        elif character in _PAIRS:
            open_brackets.append(_PAIRS[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        position += 1
    return -1
