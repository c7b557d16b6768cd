"""What a manifest says of its surroundings, evaluated: providers, publishing, the place of the state."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from runner.model.frozen import frozen
from runner.model.prices import NO_PRICES, Prices

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
    `budget` maps a unit (or `calls`, or money) to the most that may be spent, `prices` turn units into money.
    `base_url` None: the document's own.
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
    prices: Prices = NO_PRICES


@frozen
class Bucket:
    """A bucket of S3: files get `prefix` (empty, or ending with a slash) before their names, and links to them last
    `expires` seconds. `endpoint` and `region` None: those of AWS's own configuration."""

    name: str
    prefix: str
    expires: float
    endpoint: str | None = None
    region: str | None = None


@frozen
class WebFolder:
    """A web address (ends with a slash) below which files are PUT; `auth` is sent as the header `Authorization`."""

    url: str
    auth: str = field(default="", repr=False)


@frozen
class PublishSettings:
    """Where published files are put (one of `directory`, `bucket` and `web`), and the URL under which they are read.

    `base_url` ends with a slash. Of a bucket it only names the files: what is sent to an API is signed when it leaves.
    """

    directory: Path | None
    base_url: str
    bucket: Bucket | None = None
    web: WebFolder | None = None
