"""The whole sandbox as one ASGI application."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from runner.sandbox.blurb.service import Blurb
from runner.sandbox.control import Control
from runner.sandbox.dubformer.service import Dubformer
from runner.sandbox.ground.clock import Clock
from runner.sandbox.ground.faults import FaultPlan, Faults
from runner.sandbox.ground.gate import Gate, dated
from runner.sandbox.ground.media import Media, broken_file
from runner.sandbox.ground.protocol import App
from runner.sandbox.ground.wire import Emulation
from runner.sandbox.ground.world import World
from runner.sandbox.respeecher.service import Respeecher
from runner.sandbox.rev.service import Rev
from runner.sandbox.revoice.service import ReVoice

EMULATED = ("revoice", "dubformer", "blurb", "respeecher", "rev")
"""The providers that the sandbox serves."""

_KEEP_COUNTS = 1.0
"""Real seconds between two notes of how many requests came in."""


def make_app(world: World, plan: FaultPlan, speed: float, files: Path | None) -> App:
    """Builds the application on an open world."""
    clock = Clock(speed, world.facts.get("clock"))
    world.set_fact("clock", asdict(clock.anchor))
    if "secret" not in world.facts:
        world.set_fact("secret", secrets.token_hex(16))
    secret = world.facts["secret"]
    faults = Faults(world, plan)
    gate = Gate(world, clock, faults)
    media = Media(secret, files)
    dubformer = Dubformer(world, clock, faults, media)
    revoice = ReVoice(world, clock, faults, secret)
    blurb = Blurb(world, clock, faults, media)
    respeecher = Respeecher(world, clock, faults)
    rev = Rev(world, clock, faults)
    busy = (revoice, blurb, rev)

    def configure(plan: FaultPlan) -> None:
        dubformer.configure(plan)
        respeecher.configure(plan)
        rev.configure(plan)

    control = Control(world, clock, faults, gate, str(files or ""), configure)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await world.settled()
        tasks = [asyncio.create_task(_keep_counts(world, gate))]
        tasks += [asyncio.create_task(emulation.work()) for emulation in busy]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for emulation in busy:
            await emulation.close()
        world.set_fact("requests", dict(gate.requests))

    emulations: tuple[Emulation, ...] = (revoice, dubformer, blurb, respeecher, rev)
    routes = [route for emulation in emulations for route in _routes(gate, emulation)]
    routes += [*_file_routes(gate, media), *control.routes()]
    return dated(cast(App, Starlette(routes=routes, lifespan=lifespan)), clock)


def _routes(gate: Gate, emulation: Emulation) -> list[BaseRoute]:
    return [
        Route(
            f"/{emulation.name}{operation.path}",
            gate.emulated(emulation, operation),
            methods=[operation.method],
        )
        for operation in emulation.operations()
    ]


def _file_routes(gate: Gate, media: Media) -> list[BaseRoute]:
    served = (
        ("/media/results/{token}/{provider}/{thing}/{name}", "media", "getResult", media.result),
        ("/media/source/{name}", "media", "getSource", media.source),
        ("/files/{path:path}", "files", "getFile", media.published),
    )
    return [
        Route(path, gate.guarded(provider, operation, serve, broken_file), methods=["GET"])
        for path, provider, operation, serve in served
    ]


async def _keep_counts(world: World, gate: Gate) -> None:
    while True:
        await asyncio.sleep(_KEEP_COUNTS)
        if world.facts.get("requests") != gate.requests:
            world.set_fact("requests", dict(gate.requests))
