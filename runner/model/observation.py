"""What was seen at the APIs before paying, as values for the plan."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from runner.model.frozen import frozen
from runner.model.plan import Cost
from runner.model.problem import Problem


@frozen
class Remote:
    """One thing that a list showed: its id, its mark as written there, and the item itself."""

    id: str
    mark: str
    item: Any = None


@frozen
class Block:
    """Why an instance must not be sent, and what to type or to mend."""

    reason: str
    command: str = ""


@frozen
class Observations:
    """`lookups`: address → outputs. `remotes`: address of a planned create → what stands there under its mark and is
    unknown to this state. `balances`: provider → what is left. `blocks`: address → why it cannot be sent.
    `offline` observations asked nobody.
    """

    lookups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remotes: Mapping[str, tuple[Remote, ...]] = field(default_factory=dict)
    balances: Mapping[str, Cost] = field(default_factory=dict)
    blocks: Mapping[str, Block] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    offline: bool = False
