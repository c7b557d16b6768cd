"""What is printed commands no terminal, whatever an API put into it."""

import pytest

from runner.cli.screen import Screen, harmless
from runner.model.progress import Progress


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param("id \x1b]0;mine\x07", "id \ufffd]0;mine\ufffd", id="the-windows-title"),
        pytest.param("a\x1b[2Jb", "a\ufffd[2Jb", id="an-empty-screen"),
        pytest.param("a\rb\x08c", "a\ufffdb\ufffdc", id="one-text-over-another"),
        pytest.param("a\x9b2Jb", "a\ufffd2Jb", id="a-command-of-one-byte"),
        pytest.param("\x1b[31mred\x1b[0m\n\tnext", "\x1b[31mred\x1b[0m\n\tnext", id="colours-and-lines-stay"),
        pytest.param("Café – 12 €", "Café – 12 €", id="letters-stay"),
    ],
)
def test_what_would_command_a_terminal_is_not_printed(said: str, shown: str) -> None:
    assert harmless(said) == shown


def test_results_and_remarks_are_harmless(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()

    screen.text("id \x07")
    screen.aside("status \x07")

    assert capsys.readouterr() == ("id \ufffd\n", "status \ufffd\n")


def test_so_is_what_a_run_tells() -> None:
    told = Screen().masked(Progress("a", "accepted", "id \x07", "2026-01-01T00:00:00Z"))

    assert told.detail == "id \ufffd"
