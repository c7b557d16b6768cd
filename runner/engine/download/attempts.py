"""How often one file is tried, and when again."""

import random
from dataclasses import dataclass

from runner.engine.download.fetches import CannotFetch
from runner.model.units import spell_duration

TRIES = 4
"""Attempts at one file that bring it no further."""

GAIN = 1024 * 1024
"""An attempt that left so many bytes more for the next one brought the file further."""

SLOWER = 8
"""How often a server may ask for fewer requests before a file is left to the next run."""

LONGEST_PAUSE = 600.0
"""Seconds that are waited for a server that names a pause; who names a longer one is left to the next run."""

LONGEST_BACKOFF = 30.0


@dataclass(slots=True)
class Attempts:
    """The attempts at one file so far. `first_pause`: the longest one before the second, in seconds; `wants_link`: the
    next one needs a new link, if there is one to be had."""

    first_pause: float
    wants_link: bool = False
    renewed: bool = False
    tries: int = 0
    slower: int = 0

    def pause_after(self, error: CannotFetch, gained: int) -> float:
        """Seconds until the next attempt; CannotFetch where there is none. `gained`: bytes that it left."""
        if gained >= GAIN:
            self.tries, self.renewed = 0, False
        self.wants_link = error.expired and not self.renewed
        if self.wants_link:
            self.renewed = True
            return 0.0
        if error.expired and not error.again:
            raise CannotFetch(f"{error}, also under a fresh link; the order stands, and apply asks anew")
        if error.pause is not None and error.pause > LONGEST_PAUSE:
            raise CannotFetch(f"{error}, and asks to come back in {spell_duration(error.pause)}")
        if error.slower:
            self.slower += 1
        else:
            self.tries += 1
        if not error.again or self.tries >= TRIES or self.slower > SLOWER:
            raise error
        if error.slower:
            return 0.0  # all files of that provider hold still, and this one with them
        return error.pause or random.uniform(
            0, min(LONGEST_BACKOFF, self.first_pause * 2 ** (self.tries - 1))
        )
