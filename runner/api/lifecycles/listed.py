"""A list as it was read: many items, of which few are anybody's. Each is looked into when it is asked for."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from typing import Any

from runner.api.lifecycles.effects import Walked
from runner.api.lifecycles.marks import fold_mark, loose_mark
from runner.api.messages.reading import id_text
from runner.api.vocabulary.lifedata import ListSpec, Ref
from runner.api.vocabulary.locate import MISSING, Finder, in_item
from runner.model.observation import Remote


class Listed:
    """The items of a list by id, and what it looks like to those who know different marks in them.

    `began` is monotonic, `date` the server's own `Date` on the first page, `told` how many items that page said
    there are, `cut` whether its last page named a further one, `age` how long a cache has held a page of it. An item
    without a readable id counts all the same.
    """

    def __init__(self, spec: ListSpec, began: float) -> None:
        self.began = began
        self.date: float | None = None
        self.told: int | None = None
        self.cut = False
        self.age = 0.0
        self.items: dict[str, Any] = {}
        self._twins: list[tuple[str, Any]] = []
        self._id = in_item(spec.id)
        self._views: dict[Ref, Walked] = {}

    def add(self, items: list[Any]) -> None:
        """Items of one page; what an earlier page showed already counts once, and is found by either's mark."""
        held, find = self.items, self._id
        for item in items:
            id = id_text(find(item)) or f"\0{len(held)}"
            if id in held:
                self._twins.append((id, held[id]))
            held[id] = item

    def seen_with(self, mark: Ref) -> Walked:
        """The list with the items' marks read at `mark`; to be asked when all pages are there."""
        if mark not in self._views:
            remotes = _Remotes(self.items, in_item(mark) if mark else None, self._twins)
            by_mark = _Marked(remotes, fold_mark) if mark else {}
            alike = _Marked(remotes, loose_mark) if mark else {}
            self._views[mark] = Walked(
                remotes, by_mark, self.began, self.date, self.told, self.cut, alike, self.age
            )
        return self._views[mark]


class _Remotes(Mapping[str, Remote]):
    """Items by id."""

    def __init__(
        self, items: Mapping[str, Any], mark: Finder | None, twins: Iterable[tuple[str, Any]] = ()
    ) -> None:
        """`twins`: items that others of the same id took the place of."""
        self._items = items
        self._mark = mark
        self._twins = twins

    def __getitem__(self, key: str) -> Remote:
        item = self._items[key]
        return Remote("" if key.startswith("\0") else key, self.mark_of(item), item)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def keys(self) -> KeysView[str]:
        return self._items.keys()

    def mark_of(self, item: Any) -> str:
        """The mark as it is written there; empty where there is none."""
        mark = self._mark(item) if self._mark is not None else MISSING
        return "" if mark is MISSING or mark is None else str(mark)

    def by_mark(self, form: Callable[[str], str]) -> dict[str, list[str]]:
        """The ids of all that have a mark, under their marks in this form."""
        found: dict[str, list[str]] = defaultdict(list)
        for key, item in self._items.items():
            mark = self.mark_of(item)
            if mark:
                found[form(mark)].append(key)
        for key, item in self._twins:
            mark = self.mark_of(item)
            if mark and key not in found[form(mark)]:
                found[form(mark)].append(key)
        return dict(found)


class _Marked(Mapping[str, tuple[Remote, ...]]):
    """Items under their marks in some form; sorted by them when the first is asked for."""

    def __init__(self, remotes: _Remotes, form: Callable[[str], str]) -> None:
        self._remotes = remotes
        self._form = form
        self._sorted: dict[str, list[str]] | None = None

    def _ids(self) -> dict[str, list[str]]:
        if self._sorted is None:
            self._sorted = self._remotes.by_mark(self._form)
        return self._sorted

    def __getitem__(self, mark: str) -> tuple[Remote, ...]:
        return tuple([self._remotes[id] for id in self._ids()[mark]])

    def __contains__(self, mark: object) -> bool:
        return mark in self._ids()

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids())

    def __len__(self) -> int:
        return len(self._ids())
