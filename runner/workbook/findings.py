"""Collecting problems of big tables without drowning the reader in them."""

from collections import Counter
from collections.abc import Iterable

from runner.model.problem import Place, Problem

SHOWN = 10
"""How many problems of one code are shown one by one; the rest is a count."""


class Findings:
    """Collects problems; of each code the first `SHOWN` are kept, and one line counts the others."""

    def __init__(self) -> None:
        self._kept: list[Problem] = []
        self._seen: Counter[str] = Counter()

    def add(self, code: str, message: str, where: Place, hint: str = "", *, warning: bool = False) -> None:
        self._seen[code] += 1
        if self._seen[code] <= SHOWN:
            self._kept.append(Problem(code, message, where, hint, warning=warning))

    def extend(self, problems: Iterable[Problem]) -> None:
        self._kept.extend(problems)

    def __bool__(self) -> bool:
        return bool(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def close(self, file: str) -> tuple[Problem, ...]:
        """What was found, in the order it was found."""
        more = (
            Problem(code, f"and {count - SHOWN} more of the same kind ({code})", Place(file), warning=warning)
            for code, count in self._seen.items()
            if count > SHOWN
            for warning in [all(problem.warning for problem in self._kept if problem.code == code)]
        )
        return (*self._kept, *more)


def did_you_mean(wrong: str, known: Iterable[str], kind: str) -> str:
    """A hint: the nearest known name, or what there is."""
    names = list(dict.fromkeys(known))
    folded = {name.casefold().strip(): name for name in reversed(names)}
    from difflib import get_close_matches

    near = get_close_matches(wrong.casefold().strip(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    if not names:
        return f"there is no {kind}"
    listed = ", ".join(repr(name) for name in names[:12])
    return f"the {kind}s are {listed}{' …' if len(names) > 12 else ''}"
