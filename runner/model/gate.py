"""An approval gate (`approve: true`): what waits there, and who has let it through."""

from typing import Any

from runner.model.frozen import frozen

NEEDED, LATER, GIVEN = "needed", "later", "given"
"""How a planned change stands to its gate: a person can approve it now, only after other work of the run, or has."""


@frozen
class Gate:
    """A gate that an instance has come to, or that was opened for it.

    It is about one exact thing: this generation, with inputs of this digest. `inputs` are those that were shown there
    (None: approved before any run came to the gate); `note` says why an earlier approval does not count. `by` is who
    approved and `at` when (ISO 8601 UTC), both empty while it waits.
    """

    generation: int
    digest: str
    inputs: Any = None
    note: str = ""
    by: str = ""
    at: str = ""

    def opened(self, generation: int, digest: str) -> bool:
        """Whether a person approved exactly this."""
        return bool(self.by) and (self.generation, self.digest) == (generation, digest)
