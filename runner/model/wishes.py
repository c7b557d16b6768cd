"""What a person asks of a plan beside the manifest: consents and selections."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import translate

from runner.model.frozen import frozen


@frozen
class Wishes:
    """Consents and selections of one command.

    `replace`: globs of addresses that may be paid for anew where they changed, failed or were given up.
    `retry_failed`: the same for everything that failed there. `limit`: so many items of each job, with what
    follows from them. `targets`, `exclude`: globs of addresses; what a target needs comes along.
    `new_state`: remote things of the same name are known and meant to stay beside the new ones.
    `prune`: what left the manifest is deleted. `only_failed`: only what failed, was refused or given up. `labels`:
    (name, value) pairs, each of which an instance must carry.
    """

    replace: tuple[str, ...] = ()
    retry_failed: bool = False
    limit: int | None = None
    targets: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    new_state: bool = False
    prune: bool = False
    only_failed: bool = False
    labels: tuple[tuple[str, str], ...] = ()


class Globs:
    """Several shell patterns over addresses, compiled once; `*` also crosses slashes, as in `dub/*`.

    A pattern without any wildcard that names a job stands for all of its instances.
    """

    __slots__ = ("_match", "patterns")

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns: Sequence[str] = tuple(patterns)
        branches = [translate(pattern) for pattern in self.patterns]
        branches += [translate(f"{pattern}/*") for pattern in self.patterns if "/" not in pattern]
        self._match = re.compile("|".join(branches)).match if branches else None

    def __contains__(self, address: object) -> bool:
        return self._match is not None and isinstance(address, str) and self._match(address) is not None

    def __bool__(self) -> bool:
        return bool(self.patterns)
