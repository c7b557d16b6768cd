"""What a check hands on: a manifest in which nothing wrong was found, with all that was made of it."""

from collections.abc import Mapping
from dataclasses import field

from runner.api.catalogue import Catalogue
from runner.compile.instances.evaluate import Evaluator
from runner.compile.instances.surroundings import Surroundings
from runner.model.frozen import frozen
from runner.model.graph import Graph
from runner.model.manifest import Manifest
from runner.model.settings import ProviderSettings, PublishSettings
from runner.model.state_place import StatePlace


@frozen
class Work:
    """A checked manifest: what plan and apply take. `settings` are by provider; `state_place` is absolute; `budget` is
    the most that one run may spend, by unit."""

    manifest: Manifest
    graph: Graph
    evaluator: Evaluator
    settings: Mapping[str, ProviderSettings]
    publish: PublishSettings | None
    catalogue: Catalogue
    state_place: StatePlace
    surroundings: Surroundings
    budget: Mapping[str, float] = field(default_factory=dict)
