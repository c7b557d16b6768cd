"""What a manifest says of its surroundings, evaluated: providers, publishing, the place of the state."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from runner.model.frozen import frozen

MAX_DOWNLOADS = 8
"""Files of one provider that are fetched at once."""

MAX_FILE = 100 * 1024**3
"""Bytes of the largest file that is fetched."""


@frozen
class SettleSettings:
    """The user's own settling times in seconds (None: the provider's), and whether lists are vouched to be whole."""

    effect: float | None = None
    lag: float | None = None
    whole: bool | None = None


@frozen
class ProviderSettings:
    """An entry of `providers:`, evaluated. `auth` holds `Secret` texts; `rate` is (how many, per seconds).

    `max_downloads` counts files that are fetched at once, `max_file` is the size of the largest one in bytes.
    `budget` maps a unit (or `calls`) to the most that may be spent. `base_url` None: the document's own.
    """

    name: str
    auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    base_url: str | None = None
    rate: tuple[int, float] | None = None
    max_in_flight: int = 4
    budget: Mapping[str, float] = field(default_factory=dict)
    settle: SettleSettings = SettleSettings()
    auth_form: str = "bearer"
    allow_hosts: tuple[str, ...] = ()
    max_downloads: int = MAX_DOWNLOADS
    max_file: int = MAX_FILE
    prices: Mapping[str, float] = field(default_factory=dict)


@frozen
class PublishSettings:
    """Where published files are written, and the URL under which that directory is served (ends with a slash)."""

    directory: Path
    base_url: str
