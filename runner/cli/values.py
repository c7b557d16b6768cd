"""Values of the command line that click does not know by itself."""

import click


def duration(text: str) -> float:
    """`500ms`, `30s`, `5m`, `12h`, `21d`, in seconds."""
    from runner.model.units import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
