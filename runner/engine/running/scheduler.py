"""What next: counts what each instance still waits for. It knows addresses and levels, and no effects.

An instance reaches `submitted`, then `ready`; or it falls out, failed or skipped. `settled` is reached either way.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from runner.model.graph import Graph, Need
from runner.model.manifest import READY, SETTLED, SUBMITTED


@dataclass(slots=True)
class _Gather:
    """The whole of one job at one level: how many of it are still to come, and who waits."""

    left: int
    failed: bool = False
    waiting: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An instance that cannot run any more, and the address whose trouble is the cause."""

    address: str
    cause: str


class Scheduler:
    """Tells which instances have become possible. Every call costs what it releases, not the size of the graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._missing: dict[str, int] = {}
        self._direct: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._gathers: dict[tuple[str, str], _Gather] = {}
        self._tolerant: set[tuple[str, str]] = set()
        self._reached: set[tuple[str, str]] = set()
        self._out: set[str] = set()
        for instance in graph:
            self._missing[instance.address] = len(instance.needs)
            for need in instance.needs:
                self._wait_for(instance.address, need)

    def _wait_for(self, address: str, need: Need) -> None:
        if need.tolerant:
            self._tolerant.add((address, need.target))
        if not need.gather:
            self._direct[need.target, need.until].append(address)
            return
        gather = self._gathers.get((need.target, need.until))
        if gather is None:
            gather = _Gather(len(self._graph.jobs.get(need.target, ())))
            self._gathers[need.target, need.until] = gather
        gather.waiting.append(address)

    def start(self) -> list[str]:
        """Instances that wait for nothing, in the order of the graph."""
        for gather in self._gathers.values():
            if gather.left == 0:
                self._release(gather.waiting)
        return [address for address, missing in self._missing.items() if missing == 0]

    def reached(self, address: str, level: str) -> list[str]:
        """Instances that become possible because `address` came to `level` (and to all before it)."""
        levels = (SUBMITTED,) if level == SUBMITTED else (SUBMITTED, READY, SETTLED)
        released: list[str] = []
        for one in levels:
            released += self._pass(address, one)
        return released

    def dropped(self, address: str, started: bool = False) -> tuple[list[str], list[Skipped]]:
        """`address` will not get any further: who becomes possible all the same, and who is skipped with it.

        `started`: it has an identity there, so what waited for `submitted` may go on.
        """
        released: list[str] = []
        skipped: list[Skipped] = []
        queue = deque([(address, address)])
        first = True
        while queue:
            fallen, cause = queue.popleft()
            if fallen in self._out:
                continue
            self._out.add(fallen)
            if not first:
                skipped.append(Skipped(fallen, cause))
            if first and started:
                released += self._pass(fallen, SUBMITTED)
            first = False
            released += self._pass(fallen, SETTLED)
            for level in (SUBMITTED, READY):
                for waiter in self._fail(fallen, level, released):
                    queue.append((waiter, cause))
        return [one for one in released if one not in self._out], skipped

    def withheld(self, address: str) -> list[str]:
        """`address` stays where it is, neither done nor failed: whoever waits for it, however far, waits with it."""
        behind: list[str] = []
        queue = deque([address])
        while queue:
            one = queue.popleft()
            if one in self._out:
                continue
            self._out.add(one)
            behind += [one] if one != address else []
            for level in (SUBMITTED, READY, SETTLED):
                queue.extend(self._behind(one, level))
        return behind

    def _behind(self, address: str, level: str) -> list[str]:
        """Who will never be released by this level of `address`, tolerant or not."""
        if (address, level) in self._reached:
            return []
        self._reached.add((address, level))
        found = self._direct.pop((address, level), [])
        gather = self._gathers.get((self._graph.instances[address].job, level))
        if gather is not None:
            gather.left -= 1
            gather.failed = True
            found, gather.waiting = [*found, *gather.waiting], []
        return found

    def _pass(self, address: str, level: str) -> list[str]:
        if (address, level) in self._reached:
            return []
        self._reached.add((address, level))
        released = self._release(self._direct.pop((address, level), ()))
        gather = self._gathers.get((self._graph.instances[address].job, level))
        if gather is not None:
            gather.left -= 1
            if gather.left == 0 and not gather.failed:
                released += self._release(gather.waiting)
        return released

    def _fail(self, address: str, level: str, released: list[str]) -> list[str]:
        """Who falls with `address`; tolerant waiters are released instead."""
        if (address, level) in self._reached:
            return []
        self._reached.add((address, level))
        fallen = self._sort(self._direct.pop((address, level), ()), address, released)
        job = self._graph.instances[address].job
        gather = self._gathers.get((job, level))
        if gather is not None:
            gather.left -= 1
            if not gather.failed:
                strict = [w for w in gather.waiting if (w, job) not in self._tolerant]
                fallen += strict
                gather.waiting[:] = [w for w in gather.waiting if (w, job) in self._tolerant]
                gather.failed = not gather.waiting
            if gather.left == 0 and gather.waiting:
                released += self._release(gather.waiting)
        return fallen

    def _sort(self, waiters: Iterable[str], target: str, released: list[str]) -> list[str]:
        fallen = []
        for waiter in waiters:
            if (waiter, target) in self._tolerant:
                released += self._release([waiter])
            else:
                fallen.append(waiter)
        return fallen

    def _release(self, waiters: Iterable[str]) -> list[str]:
        released = []
        for waiter in waiters:
            self._missing[waiter] -= 1
            if self._missing[waiter] == 0 and waiter not in self._out:
                released.append(waiter)
        return released
