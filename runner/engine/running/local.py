"""Local steps: workbooks are built and files published here; nobody is paid for them.

What they give is known at plan; this makes it true: the file stands in the published directory, and its URL yields it.
"""

from typing import TYPE_CHECKING

from runner.compile.instances.compiled import BUILTINS
from runner.compile.instances.local import Artifact
from runner.engine.machine.hops import Hops
from runner.engine.running.orders import CannotSend, wish_of
from runner.engine.running.publisher import publish
from runner.engine.wire.publish import NotPublished
from runner.model.errors import InvalidInput, RunnerError
from runner.model.event import Finished
from runner.model.unknown import Unknown

if TYPE_CHECKING:
    from runner.engine.running.apply import Apply


class LocalSteps:
    """Builds, publishes and probes."""

    def __init__(self, run: "Apply") -> None:
        self._run = run
        self._desk = run.desk
        self._hops = Hops(threads=1)

    def close(self) -> None:
        """Wait for nothing: a large workbook takes longer to make than a run may take to end, and nobody misses it."""
        self._hops.leave()

    def is_local(self, uses: str) -> bool:
        """Whether a job is built in, and not a provider's."""
        return uses in BUILTINS

    async def make(self, address: str) -> None:
        """Build and publish one file, and prove that it can be fetched."""
        desk, run = self._desk, self._run
        try:
            wish = wish_of(desk, address)
            making = desk.work.evaluator.making(desk.work.graph.instances[address], desk.outputs)
            made = making if isinstance(making, Unknown) else await self._hops.run(making)
        except InvalidInput as error:
            run.fail(address, "failed", str(error.problems[0]))
            return
        except (CannotSend, RunnerError) as error:  # the latter: there is no room to make it
            run.fail(address, "failed", str(error))
            return
        if isinstance(made, Unknown):
            run.fail(address, "failed", f"{made.reason} is not known")
            return
        try:
            await self._publish(address, made)
        except (NotPublished, OSError) as error:
            run.fail(address, "failed", f"{made.name} could not be published: {error}")
            return
        state = desk.state(address)
        run.note(
            Finished(
                address=address,
                generation=state.generation + 1 if state is not None else 1,
                outcome="ready",
                outputs=made.outputs,
                uses=desk.job(address).uses,
                digest=wish.digest,
                inputs=wish.canonical,
            )
        )

    async def _publish(self, address: str, made: Artifact) -> None:
        desk = self._desk
        desk.tell(address, "building", made.name)
        desk.tell(address, "published", await publish(desk, made.name, made.content))
