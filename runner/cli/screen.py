"""Where a command prints: results to stdout, everything else to stderr, secrets nowhere."""

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runner.report.mask import Masker
from runner.report.words import Look

if TYPE_CHECKING:
    from runner.model.progress import Progress
    from runner.model.text import Secret


_CONTROL = re.compile("\x1b\\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""A colour, or a character that commands."""


class Screen:
    """The output of one command. Colours only on a terminal that wants them; with `--json` no text on stdout."""

    def __init__(
        self,
        *,
        json: bool = False,
        verbose: bool = False,
        no_color: bool = False,
        options: str = "",
        of_runs: str = "",
    ) -> None:
        self.json_wanted = json
        self.verbose = verbose
        self._plain = no_color or bool(os.environ.get("NO_COLOR"))
        self._options = (options, of_runs)
        self._masker = Masker()

    def hide(self, secrets: "Iterable[Secret]") -> None:
        """From now on these values are replaced by their names in all that is printed."""
        self._masker = Masker(secrets)

    @property
    def look(self) -> Look:
        """How text on stdout looks."""
        return Look(sys.stdout.isatty() and not self._plain, *self._options)

    @property
    def look_aside(self) -> Look:
        """How text on stderr looks."""
        return Look(sys.stderr.isatty() and not self._plain, *self._options)

    def text(self, text: str) -> None:
        """A result for people."""
        click.echo(self._shown(text), color=self.look.colour)

    def _shown(self, text: str) -> str:
        return harmless(self._masker.text(text))

    def without_secrets(self, text: str) -> str:
        """The text as it may be written anywhere."""
        return self._masker.text(text)

    def masked_value(self, value: Any) -> Any:
        """A tree of JSON values as it may be written anywhere."""
        return self._masker.value(value)

    def json(self, value: Any, *, line: bool = False) -> None:
        """A result for programs; with `line` on one line."""
        import json

        spelled = json.dumps(self._masker.value(value), ensure_ascii=False, indent=None if line else 2)
        click.echo(spelled)

    def pieces(self, texts: Iterable[str]) -> None:
        """A result for programs that is too long to be held whole: pieces of one text."""
        for text in texts:
            click.echo(self._masker.text(text), nl=False)
        click.echo()

    def masked(self, progress: "Progress") -> "Progress":
        """An event without any secret that an API may have sent back."""
        from dataclasses import replace

        detail = harmless(self._masker.text(progress.detail))
        return progress if detail == progress.detail else replace(progress, detail=detail)

    def raw_line(self, line: str) -> None:
        """A line for programs that is JSON already."""
        click.echo(self._masker.text(line))

    def aside(self, text: str) -> None:
        """A remark to stderr."""
        click.echo(self._shown(text), err=True, color=self.look_aside.colour)

    def answer(self, text: str, value: Any) -> None:
        """The command's result in the form that was asked for."""
        if self.json_wanted:
            self.json(value)
        else:
            self.text(text)


def harmless(text: str) -> str:
    """The text without what would command a terminal: an API's id, status or message may hold anything. Colours, line
    ends and tabs stay."""
    return _CONTROL.sub(lambda found: found[0] if found[0].startswith("\x1b[") else "\ufffd", text)


def here(path: Path) -> str:
    """A path as a person would type it from the working directory."""
    folder = Path.cwd()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
