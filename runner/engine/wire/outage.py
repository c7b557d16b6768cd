"""How long a provider has given nothing but failures: said after a minute; in the end a run's patience is over."""

from datetime import datetime, timedelta

from runner.model.units import spell_duration

OUTAGE = 2 * 3600.0
"""An API that is down for an hour is waited for; after two, what is open is left to the next run."""

ENOUGH = 20
"""So many failures it takes as well: one that follows a long pause proves nothing."""

DOWN = 4
"""So many failures in a row, and an API that has worked before is taken to be down."""

NOTICE = 60.0
"""Seconds without a usable answer after which people are told."""


class Outage:
    """Told of every answer and failure; times are monotonic seconds. Each answers what people should be told, or
    nothing."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._since = 0.0
        self._failures = 0
        self._told = False
        self._known = False

    def worked(self, now: float) -> str:
        """A usable answer came."""
        told, self._failures, self._told, self._known = self._told, 0, False, True
        return f"it answers again, after {spell_duration(now - self._since)}" if told else ""

    def failed(self, now: float, message: str) -> str:
        """No usable answer came; told once, when it has been so for a while."""
        if self._failures == 0:
            self._since = now
        self._failures += 1
        if self._told or now - self._since < NOTICE:
            return ""
        self._told = True
        since = datetime.now().astimezone() - timedelta(seconds=now - self._since)
        return f"no usable answer since {since:%H:%M}: {message}; it is asked again and again, and nothing is lost"

    def pause(self, now: float, waited: float = 0.0) -> float:
        """For how many seconds whoever was not served for `waited` seconds waits on, as an API that worked before is
        down: it is asked the less often the longer that lasts. 0: it is not down, or nobody knows whether it ever was
        up, or whoever asks has waited long enough."""
        if not self._known or self._failures < DOWN or waited >= OUTAGE:
            return 0.0
        return min(max(0.25, waited / 4, (now - self._since) / 4), 60.0)

    def over(self, now: float, message: str) -> str:
        """Why nothing more goes there in this run, once it has been so for longer than a run waits."""
        lasted = now - self._since
        if self._failures < ENOUGH or lasted < OUTAGE:
            return ""
        return f"{self._name} gave no usable answer for {spell_duration(lasted)}: {message}"
