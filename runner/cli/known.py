"""The providers that a command may speak of: those shipped, and with a manifest those that it brings."""

from typing import TYPE_CHECKING

from runner.cli.options import Chosen
from runner.model.errors import InvalidInput

if TYPE_CHECKING:
    from runner.api.catalogue import Catalogue


def known_to(chosen: Chosen) -> "tuple[Catalogue, frozenset[str]]":
    """The providers, and what the manifest's jobs use. InvalidInput for a manifest that cannot be read as one."""
    from runner.api.catalogue import Catalogue

    if chosen.file is None:
        return Catalogue(), frozenset()
    from runner.cli.project import Project
    from runner.compile.check import catalogue_of
    from runner.compile.load import load

    project = Project(chosen)
    loaded = load(project.file, project.variables)
    manifest = loaded.manifest or loaded.partial
    if manifest is None:
        raise InvalidInput(loaded.problems)
    return catalogue_of(manifest), frozenset(job.uses for job in manifest.jobs.values())
