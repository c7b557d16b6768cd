"""The providers that a command may speak of: those shipped, and with a manifest those that it brings."""

from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.chosen import Chosen
from runner.model.errors import InvalidInput

if TYPE_CHECKING:
    from runner.api.catalogue import Catalogue
    from runner.model.manifest import Manifest


def known_to(chosen: Chosen) -> "tuple[Catalogue, frozenset[str]]":
    """The providers, and what the manifest's jobs use. InvalidInput for a manifest that cannot be read as one."""
    from runner.api.catalogue import Catalogue

    if chosen.file is None:
        return Catalogue(), frozenset()
    from runner.cli.project import Project
    from runner.compile.text.load import load

    project = Project(chosen)
    loaded = load(project.file, project.variables)
    manifest = loaded.manifest or loaded.partial
    if manifest is None:
        raise InvalidInput(loaded.problems)
    own, overlays = _files(manifest, "openapi"), _files(manifest, "overlay")
    # Nobody is called, so that it does not matter where an API is.
    catalogue = Catalogue(own, overlays, folder=manifest.folder, addressed=own)
    return catalogue, frozenset(job.uses for job in manifest.jobs.values())


def _files(manifest: "Manifest", word: str) -> dict[str, Path]:
    found = ((name, raw.get(word)) for name, raw in manifest.providers.items())
    return {name: manifest.folder / file for name, file in found if isinstance(file, str)}
