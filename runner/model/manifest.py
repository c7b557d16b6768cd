"""A manifest as it was loaded: shapes are checked, expressions are not yet evaluated."""

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from runner.model.frozen import frozen
from runner.model.problem import Place

YamlPath = tuple[str | int, ...]


class Key(str):
    """The last step of a path that means a key itself, not what stands behind it."""

    __slots__ = ()


Locate = Callable[[YamlPath], tuple[Place, str]]
"""The place of a path in the document, and the text of its line."""

SUBMITTED, READY, SETTLED = "submitted", "ready", "settled"


@frozen
class BulkSettings:
    """Many rows, one workbook, one request: at most `size` rows (None: the provider's own), `wait` in seconds.

    `columns` names inputs that otherwise all rows of a workbook share, and that here stand in columns of their own.
    """

    size: int | None = None
    wait: float = 60.0
    columns: tuple[str, ...] = ()

    def shared(self, same: tuple[str, ...]) -> tuple[str, ...]:
        """The inputs that all rows of a workbook share, of those that the provider's document names."""
        return tuple(name for name in same if name not in self.columns)


@frozen
class Job:
    """An entry of `jobs:`. Fields that may hold expressions are raw YAML values (`Any`).

    `needs` maps a job's name to `submitted`, `ready` or `settled`. `save` maps a download's name or an output's
    name to one or more path templates. `timeout` is in seconds.
    """

    name: str
    uses: str
    with_: Any = None
    for_each: Any = None
    if_: Any = True
    needs: Mapping[str, str] = field(default_factory=dict)
    save: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bulk: BulkSettings | None = None
    cost: Mapping[str, Any] = field(default_factory=dict)
    on_change: str = "confirm"
    on_failure: str = "isolate"
    timeout: float | None = None
    retries: int = 3
    redo: int = 0
    mark_append: bool = False
    approve: bool = False
    labels: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Manifest:
    """One YAML document. `file` is absolute; relative paths in it are relative to `folder`.

    `state`, `vars`, `data`, `publish`, `providers` and `budget` are raw YAML values whose shape was checked;
    `vars` already holds what `--var` and `--vars` set. `locate` finds the place of a YAML path.
    """

    file: Path
    name: str
    jobs: Mapping[str, Job]
    locate: Locate
    digest: str
    state: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    publish: Mapping[str, Any] | None = None
    providers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    budget: Mapping[str, Any] = field(default_factory=dict)
    webhooks: Mapping[str, Any] | None = None
    moved: tuple[tuple[str, str], ...] = ()

    @property
    def folder(self) -> Path:
        return self.file.parent
