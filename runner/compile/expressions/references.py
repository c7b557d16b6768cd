"""A reference of an expression to a job, as it stands in the syntax tree."""

from collections.abc import Mapping
from typing import Any, Protocol

from runner.model.frozen import frozen


class KeyExpression(Protocol):
    """An expression that gives a key; evaluating it may reach an Unknown."""

    @property
    def names(self) -> frozenset[str]: ...

    def evaluate(self, names: Mapping[str, Any]) -> Any: ...


Key = str | KeyExpression


@frozen
class JobReference:
    """`jobs.JOB[KEY]`, with the names behind it; `key` None stands for the whole job.

    A job without `for_each` has no keys: there `key` is `outputs`, `key` or `each`. `tolerant`: the
    reference stands before `default(…)`, `is defined` or `or`. `fields` are the steps behind the key, None
    for one that is computed.
    """

    job: str
    key: Key | None = None
    tolerant: bool = False
    fields: tuple[str | None, ...] = ()
