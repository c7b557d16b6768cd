"""The garbage collector, put aside while a stage makes very many values that all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collector() -> Iterator[None]:
    """The cyclic collector would look at every new value again and again, and find nothing to free.

    What was made counts as old afterwards, so that the collector does not begin with looking through all of it.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()  # into the oldest generation
            gc.enable()
