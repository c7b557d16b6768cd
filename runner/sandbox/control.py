"""The sandbox's own pages under `/__sandbox__/`: what was paid for, what was asked, what exists, and the
faults."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from runner.sandbox.ground.clock import Clock, iso
from runner.sandbox.ground.faults import FaultPlan, Faults, fault_plan
from runner.sandbox.ground.gate import Gate
from runner.sandbox.ground.world import World


class Control:
    """`on_plan` is told when the faults are replaced."""

    def __init__(
        self,
        world: World,
        clock: Clock,
        faults: Faults,
        gate: Gate,
        files: str,
        on_plan: Callable[[FaultPlan], None],
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._gate = gate
        self._files = files
        self._on_plan = on_plan

    def routes(self) -> list[BaseRoute]:
        """The pages."""
        return [
            Route("/__sandbox__/about", self.about),
            Route("/__sandbox__/ledger", self.ledger),
            Route("/__sandbox__/requests", self.requests),
            Route("/__sandbox__/world", self.world),
            Route("/__sandbox__/faults", self.faults, methods=["GET", "POST", "DELETE"]),
        ]

    async def about(self, request: Request) -> Response:
        """How the sandbox is run."""
        return JSONResponse({"speed": self._clock.speed, "files": self._files})

    async def ledger(self, request: Request) -> Response:
        """Every accepted piece of paid work, in the order of acceptance."""
        await self._world.settled()
        return JSONResponse([asdict(row) for row in self._world.ledger])

    async def requests(self, request: Request) -> Response:
        """How many requests of each operation came in, whatever became of them."""
        return JSONResponse(dict(self._gate.requests))

    async def world(self, request: Request) -> Response:
        """The clocks and everything that exists."""
        await self._world.settled()
        things: dict[str, list[Any]] = {
            kind: [asdict(thing) for thing in table] for kind, table in self._world.tables().items()
        }
        return JSONResponse(
            {
                "now": iso(self._clock.real()),
                "virtual": self._clock.virtual(),
                "speed": self._clock.speed,
                "files": self._files,
                "facts": {name: value for name, value in self._world.facts.items() if name != "secret"},
                "things": things,
            }
        )

    async def faults(self, request: Request) -> Response:
        """GET shows the faults and their counters, POST replaces them, DELETE ends them."""
        if request.method != "GET":
            try:
                plan = fault_plan(await request.json() if request.method == "POST" else None)
            except ValueError as error:
                return JSONResponse({"message": str(error)}, 400)
            self._faults.replace(plan)
            self._on_plan(plan)
            await self._world.settled()
        return JSONResponse({"faults": self._faults.plan.source, "counters": self._faults.counters()})
