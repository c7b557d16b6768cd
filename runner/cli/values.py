"""Values of the command line that click does not know by itself."""

from typing import Any

import click


class Duration(click.ParamType):
    """`500ms`, `30s`, `5m`, `12h`, `21d`, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from runner.model.units import seconds

        if isinstance(value, int | float):
            return float(value)
        try:
            return seconds(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


DURATION = Duration()
