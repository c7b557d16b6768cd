"""How people's reports look: colours on a terminal, counts in words, commands as they can be typed."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from runner.model.frozen import frozen

if TYPE_CHECKING:
    from runner.model.plan import Verb

_VERB_COLOURS = {
    "create": "green",
    "adopt": "green",
    "call": "green",
    "download": "cyan",
    "read": "cyan",
    "resume": "cyan",
    "settle": "yellow",
    "update": "yellow",
    "replace": "magenta",
    "delete": "red",
    "blocked": "red",
}


@frozen
class Look:
    """Whether colours are shown, and the options that hints repeat: `-f season.yaml --sandbox`, and in `of_runs` those
    that `plan` and `apply` alone have, as `--out-dir media`."""

    colour: bool = False
    options: str = ""
    of_runs: str = ""

    def paint(self, text: str, colour: str = "", *, bold: bool = False, dim: bool = False) -> str:
        """The text in a colour, or as it is."""
        if not self.colour:
            return text
        return click.style(text, fg=colour or None, bold=bold or None, dim=dim or None)

    def verb(self, verb: "Verb", text: str) -> str:
        """A verb's text in the verb's colour."""
        return self.paint(text, _VERB_COLOURS.get(verb, ""), dim=verb in ("none", "skip"))

    def command(self, text: str) -> str:
        """A command as it is typed here: the manifest and the kind of run it speaks of are put in."""
        words = text.split(" ")
        if not self.options or words[0] != "runner":
            return text
        depth = 3 if words[1:2] == ["state"] else 2
        own = [self.of_runs] if self.of_runs and words[1] in ("plan", "apply") else []
        return " ".join([*words[:depth], self.options, *own, *words[depth:]])


def quoted(word: str) -> str:
    """A word as a shell takes it; `shlex` takes a millisecond to be imported."""
    plain = word and all(sign.isalnum() or sign in "_@%+=:,./-" for sign in word)
    return word if plain and word.isascii() else "'" + word.replace("'", "'\"'\"'") + "'"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 file`, `1,272 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def amount(value: float) -> str:
    """`12`, `1,272`, `0.5`: a number without digits that say nothing."""
    rounded = round(value, 2)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,.2f}".rstrip("0")


_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """The text with signs that steer a terminal, or turn what is read around, written out: what a table or an API says
    must not hide what a plan shows."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text) if _STEERING.search(text) else text


def shorten(text: str, most: int = 100) -> str:
    """One line of at most so many characters."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= most else line[: most - 1] + "…"


def glob_of(addresses: Sequence[str]) -> str:
    """The narrowest glob of one `*` a step that meets all of these addresses of one job."""
    steps = [address.split("/") for address in addresses]
    if len({len(one) for one in steps}) > 1:
        return f"{steps[0][0]}/*"
    return "/".join(same[0] if len(set(same)) == 1 else "*" for same in zip(*steps, strict=True))


def indent(lines: Iterable[str], by: int) -> list[str]:
    """The lines, each moved to the right."""
    return [" " * by + line for line in lines]
