"""What expressions see: `each`, `jobs` and their outputs, `env`, `file(…)`. All of it is read by items."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from runner.compile.expressions.errors import Absent, EnvUnset, ExpressionError, FieldMissing, FileMissing
from runner.compile.expressions.reads import Reads
from runner.model.graph import Instance
from runner.model.problem import Place
from runner.model.text import FileText, Secret
from runner.model.unknown import Unknown, UnknownReached

OutputsView = Callable[[str], Mapping[str, Any] | None]
"""An address's outputs: None while unknown; `PartialOutputs` while only some are; `ABSENT` when there will be none."""

RESERVED: Final = ("key", "value", "index", "keys")


class PartialOutputs(dict[str, Any]):
    """Outputs of work that has not ended: a field that is not among them is still unknown, not missing."""


class _Absent(dict[str, Any]):
    """The outputs of an instance that was skipped, or failed, in this run."""


ABSENT: Final[Mapping[str, Any]] = _Absent()
"""What an `OutputsView` gives for an instance that will have no outputs: `default(…)` and `or` tolerate it."""


class Placed(Protocol):
    """A row, or an item, that can tell where it stands."""

    @property
    def place(self) -> Place | None: ...


def place_at(at: Placed | Place | None) -> Place | None:
    """The place that something is, or has."""
    return at if at is None or isinstance(at, Place) else at.place


class Each(Mapping[str, Any]):
    """`each` of one instance: the reserved names first, then the fields of a mapping item.

    `pairs` are the keys by dimension. In a product `value` is the tuple of the dimensions' items, in their order.
    `place` is where the item stands; a row is asked for it only when somebody wants to know. `fields` is the item
    where it is a mapping of its own, so that its fields can be read at once.
    """

    __slots__ = ("_at", "fields", "index", "key", "pairs", "value")

    def __init__(
        self,
        key: str,
        value: Any,
        index: int,
        pairs: tuple[tuple[str, str], ...],
        at: "Placed | Place | None" = None,
    ) -> None:
        self.key, self.value, self.index, self.pairs, self._at = key, value, index, pairs, at
        self.fields: dict[str, Any] | None = value if isinstance(value, dict) else None

    @property
    def place(self) -> Place | None:
        return place_at(self._at)

    @property
    def of_product(self) -> bool:
        return bool(self.pairs) and self.pairs[0][0] != ""

    def __getitem__(self, name: str) -> Any:
        if name == "key":
            return self.key
        if name == "value":
            return self.whole()
        if name == "index":
            return self.index
        if name == "keys":
            return dict(self.pairs) if self.of_product else {}
        if self.of_product:
            for (dimension, _), item in zip(self.pairs, self.value, strict=True):
                if dimension == name:
                    return item
        elif isinstance(self.value, dict | Mapping):
            return self.value[name]
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        if self.of_product:
            return iter([dimension for dimension, _ in self.pairs])
        return iter(self.value) if isinstance(self.value, Mapping) else iter(RESERVED[:3])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def whole(self) -> Any:
        """The item itself; of a product, the items by dimension."""
        if self.of_product:
            return {pair[0]: item for pair, item in zip(self.pairs, self.value, strict=True)}
        return self.value


class Outputs(Mapping[str, Any]):
    """`jobs.J[K].outputs`."""

    __slots__ = ("_data", "_label")

    def __init__(self, label: str, data: Mapping[str, Any] | None) -> None:
        self._label, self._data = label, data

    def __getitem__(self, name: str) -> Any:
        if self._data is None:
            return Unknown(f"{self._label}.{name}")
        if name in self._data:
            return self._data[name]
        if isinstance(self._data, PartialOutputs):
            return Unknown(f"{self._label}.{name}")
        if isinstance(self._data, _Absent):
            raise Absent(name, why="will not be there: its instance was skipped or failed").labelled(
                self._label
            )
        raise FieldMissing(name, list(self._data)).labelled(self._label)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def _known(self) -> Mapping[str, Any]:
        if self._data is None or isinstance(self._data, PartialOutputs):
            raise UnknownReached(Unknown(self._label))
        return self._data

    def whole(self) -> Any:
        """All outputs as a mapping, or an Unknown."""
        try:
            return dict(self._known())
        except UnknownReached as reached:
            return reached.unknown


class InstanceView(Mapping[str, Any]):
    """`jobs.J[K]`, or `jobs.J` of a job without `for_each`."""

    __slots__ = ("_instance", "_label", "_outputs")

    def __init__(self, label: str, instance: Instance, outputs: OutputsView) -> None:
        self._label, self._instance, self._outputs = label, instance, outputs

    def __getitem__(self, name: str) -> Any:
        if name == "outputs":
            return Outputs(f"{self._label}.outputs", self._outputs(self._instance.address))
        if name == "key":
            return self._instance.key
        if name == "each":
            return self._instance.each
        raise FieldMissing(name, ("outputs", "key", "each")).labelled(self._label)

    def __iter__(self) -> Iterator[str]:
        return iter(("outputs", "key", "each"))

    def __len__(self) -> int:
        return 3

    def whole(self) -> Any:
        """There is no such value: one of its fields must be named."""
        raise ExpressionError(f"`{self._label}` is an instance and no value", "read `.outputs.FIELD` of it")


class JobItems(Mapping[str, Any]):
    """`jobs.J` of a job with `for_each`: its instances by their keys."""

    __slots__ = ("_addresses", "_instances", "_name", "_outputs")

    def __init__(
        self,
        name: str,
        addresses: tuple[str, ...],
        instances: Mapping[str, Instance],
        outputs: OutputsView,
    ) -> None:
        self._name, self._addresses, self._instances, self._outputs = name, addresses, instances, outputs

    def __getitem__(self, key: Any) -> InstanceView:
        if isinstance(key, float) and key.is_integer():
            key = str(int(key))
        instance = self._instances.get(f"{self._name}/{key}")
        if instance is None:
            if key is None:
                raise FieldMissing(key, why="was asked for a null key").labelled(f"jobs.{self._name}")
            raise FieldMissing(key, list(self)).labelled(f"jobs.{self._name}")
        return InstanceView(f'jobs.{self._name}["{key}"]', instance, self._outputs)

    def __iter__(self) -> Iterator[str]:
        return (address[len(self._name) + 1 :] for address in self._addresses)

    def __len__(self) -> int:
        return len(self._addresses)

    def whole(self) -> Any:
        """There is no such value: a key must be named."""
        raise ExpressionError(
            f"`jobs.{self._name}` holds instances and is no value",
            f"name one: `jobs.{self._name}[each.key].outputs.FIELD`; or take all by `$each`",
        )


class Jobs(Mapping[str, Any]):
    """`jobs`. `single` are the jobs without `for_each`."""

    __slots__ = ("_by_job", "_instances", "_outputs", "_single")

    def __init__(
        self,
        by_job: Mapping[str, tuple[str, ...]],
        instances: Mapping[str, Instance],
        single: frozenset[str],
        outputs: OutputsView,
    ) -> None:
        self._by_job, self._instances, self._single, self._outputs = by_job, instances, single, outputs

    def __getitem__(self, name: str) -> Any:
        addresses = self._by_job.get(name)
        if addresses is None:
            return Unknown(
                f"jobs.{name}"
            )  # that there is no such job is told where the references are checked
        if name in self._single:
            return InstanceView(f"jobs.{name}", self._instances[name], self._outputs)
        return JobItems(name, addresses, self._instances, self._outputs)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_job)

    def __len__(self) -> int:
        return len(self._by_job)


class Env(Mapping[str, str]):
    """`env`: reads only what is asked for by name, and shows no names. `secret`: every value is a secret."""

    __slots__ = ("_secret", "_values")

    def __init__(self, values: Mapping[str, str], secret: bool = False) -> None:
        self._values, self._secret = values, secret

    def __getitem__(self, name: str) -> str:
        value = self._values.get(name)
        if value is None or (self._secret and not value):
            raise EnvUnset(name)
        return Secret(value, f"env.{name}") if self._secret else value

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class FileReader:
    """`file("path")`: the text of a file beside the manifest, read once, so that a whole run sees one content."""

    __slots__ = ("_folder", "_held", "reads")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.reads = Reads(folder)
        self._held: dict[str, str] = {}

    def __call__(self, path: Any, secret: bool = False) -> str:
        if isinstance(path, Unknown):
            raise UnknownReached(path)
        if not isinstance(path, str) or not path:
            raise ExpressionError("`file(…)` takes the path of a file", "an empty cell is null")
        path = str.__str__(path)
        text = self._held.get(path)
        if text is None:
            text = self._held[path] = self._read(path)
            self.reads.note(path)
        return Secret(text, f"file:{path}") if secret else FileText(text, path)

    def _read(self, path: str) -> str:
        try:
            return (self._folder / path).read_bytes().decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError):
            raise FileMissing(path) from None
        except UnicodeDecodeError:
            raise ExpressionError(f"`{path}` is not UTF-8 text", "save it as UTF-8") from None
        except (OSError, ValueError) as error:
            raise ExpressionError(f"`{path}` cannot be read: {error}") from None
