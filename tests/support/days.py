"""Bad days: what a person types on such a day, what is printed then, and what was paid in the end."""

import os
import re
from pathlib import Path

from applying import Ended, Stage, captured

DAYS = Path(__file__).parents[1] / "cases" / "days"

_OF_THIS_MACHINE = (
    (re.compile(r"cdn\.example\.com: warning: [^\n]*\n"), ""),  # reached from here, or not
    (re.compile(r" on \S+ \(process \d+\) since \S+ "), " on HOST (process …) since … "),
    (re.compile(r"Finished in [^:]+:"), "Finished in …:"),
)


class Day:
    """One day, told as it goes; `ends` holds it against the text in tests/cases/days."""

    def __init__(self, name: str, about: str) -> None:
        self._file = DAYS / f"{name}.txt"
        self._told = [f"# {about}"]

    def remark(self, text: str) -> None:
        """What happened meanwhile."""
        self._told.append(f"# {text}")

    def types(self, season: Stage, *words: str, hear: str = "") -> None:
        """`runner WORDS…`: its results are told, and of its progress the lines that hold `hear`."""
        speed = ("--speed", str(season.speed)) if words[0] == "apply" else ()
        ended = captured([*words, *speed, "-f", str(season.file), "--sandbox"])
        self.tells(season.folder, words, ended, hear)

    def tells(self, folder: Path, words: tuple[str, ...], ended: Ended, hear: str = "") -> None:
        """What a command printed, without what differs from machine to machine."""
        said = "".join(line for line in ended.err.splitlines(True) if hear and hear in line)
        typed = " ".join(f"'{word}'" if "*" in word else word for word in words)
        text = f"$ runner {typed}\n{ended.out}{said}(exit {ended.code})".replace(f"{folder}/", "")
        for pattern, instead in _OF_THIS_MACHINE:
            text = pattern.sub(instead, text)
        self._told.append(text.replace(" -f season.yaml --sandbox", ""))

    def pays(self, season: Stage) -> int:
        """How many orders the other side has accepted so far."""
        orders = sum(season.paid().values())
        self.remark(f"Paid so far: {orders} orders.")
        return orders

    def ends(self) -> None:
        """Holds the whole day against its text; with RUNNER_UPDATE_CASES=1 writes it anew."""
        found = "\n\n".join(self._told) + "\n"
        if os.environ.get("RUNNER_UPDATE_CASES"):
            self._file.parent.mkdir(exist_ok=True)
            self._file.write_text(found, encoding="utf-8")
        assert found == self._file.read_text(encoding="utf-8")
