"""What the command line says of the manifest and of how to print."""

from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.outputs import Outputs
from runner.model.frozen import frozen

if TYPE_CHECKING:
    from runner.cli.screen import Screen

SANDBOX_KEPT, SANDBOX_FRESH = "kept", "fresh"


@frozen
class Chosen:
    """The options that commands on a manifest share. `several`: it is one manifest of several."""

    file: Path | None = None
    variables: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    json: bool = False
    no_color: bool = False
    verbose: bool = False
    sandbox: str = ""
    out_dir: Path | None = None
    outputs: Outputs = field(default_factory=Outputs)
    several: bool = False

    def screen(self, options: str = "", of_runs: str = "") -> "Screen":
        """Where the command prints; commands that it tells to type repeat `options`, plan and apply also `of_runs`."""
        from runner.cli.screen import Screen

        return Screen(
            json=self.json, verbose=self.verbose, no_color=self.no_color, options=options, of_runs=of_runs
        )
