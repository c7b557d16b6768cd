"""`runner sandbox`: the APIs on this machine."""

from pathlib import Path

import click

from runner.cli import exits
from runner.cli.options import Command

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command("sandbox", cls=Command)
@click.option(
    "--folder",
    type=_FOLDER,
    default=Path(".runner/sandbox"),
    show_default=True,
    help="Where its world is kept.",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="N", help="The port; by default that of the last time."
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1),
    default=60.0,
    metavar="N",
    show_default=True,
    help="So many times faster than the world.",
)
@click.option("--faults", type=_FILE, metavar="FILE", help="The faults to inject.")
@click.option("--files", type=_FOLDER, metavar="FOLDER", help="A folder to serve, as publish.directory.")
@click.option("--fresh", is_flag=True, help="Forget its world first.")
def command(
    folder: Path, port: int | None, speed: float, faults: Path | None, files: Path | None, fresh: bool
) -> int:
    """Serve the APIs on this machine, as they are documented, with real files and a ledger, until stopped.

    Prints the base URLs and credentials to put into a manifest. `runner apply --sandbox` needs none of this.

    \b
    Examples:
      runner sandbox
      runner sandbox --port 8800 --speed 600 --fresh
    """
    from runner.sandbox.serve import SandboxSettings, serve_forever

    settings = SandboxSettings(
        folder.absolute(), speed, port, faults, files.absolute() if files else None, fresh
    )
    serve_forever(settings, click.echo)
    return exits.DONE
