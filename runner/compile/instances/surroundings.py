"""What a manifest is checked in: the environment, and whether a sandbox stands in for the APIs."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from runner.model.frozen import frozen


@frozen
class SandboxOverrides:
    """What replaces `auth` and `base_url` of providers, and the publish URL, before anything is evaluated.

    `auth` and `base_urls` are by provider; `state` is the sandbox's own state file (None: by its default name).
    """

    auth: Mapping[str, Mapping[str, str]]
    base_urls: Mapping[str, str]
    publish_base_url: str = ""
    state: Path | None = None


@frozen
class Surroundings:
    """`env` is read by the names that the manifest uses. `out_dir` None: files are saved beside the manifest.

    `building` is false where it is only asked what is wrong: the rows of workbooks are looked at, and none is made, so
    that the digests in their names and URLs are zeros.
    """

    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    offline: bool = False
    sandbox: SandboxOverrides | None = None
    out_dir: Path | None = None
    building: bool = True
