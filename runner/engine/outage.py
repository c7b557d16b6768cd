"""How long a provider has given nothing but failures: said after a minute; in the end a run's patience is over."""

OUTAGE = 2 * 3600.0
"""An API that is down for an hour is waited for; after two, what is open is left to the next run."""

ENOUGH = 20
"""So many failures it takes as well: one that follows a long pause proves nothing."""

NOTICE = 60.0


class Outage:
    """Told of every answer and failure; times are monotonic seconds."""

    def __init__(self) -> None:
        self._since = 0.0
        self._failures = 0
        self._told = False

    def worked(self) -> None:
        """A usable answer came."""
        self._failures, self._told = 0, False

    def failed(self, now: float) -> float:
        """No usable answer came; for how long it has been so, when that is worth telling (once), else 0."""
        if self._failures == 0:
            self._since = now
        self._failures += 1
        if self._told or now - self._since < NOTICE:
            return 0.0
        self._told = True
        return now - self._since

    def over(self, now: float) -> float:
        """For how long it has been so, once that is longer than a run waits; else 0."""
        lasted = now - self._since
        return lasted if self._failures >= ENOUGH and lasted >= OUTAGE else 0.0
