"""Where files are published, evaluated: a folder that is served, a bucket of S3, or a web server that takes PUT."""

import re
from typing import Any, Protocol

from runner.compile.instances.findings import Findings
from runner.compile.instances.surroundings import SandboxOverrides
from runner.model.manifest import Manifest, YamlPath
from runner.model.settings import Bucket, PublishSettings, WebFolder
from runner.model.text import Secret
from runner.model.units import seconds

LONGEST = 7 * 86400.0
"""Seconds that S3 lets a signed link last at most."""

_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9/._-]*))?")


class Reading(Protocol):
    """Evaluates settings, and reports what is wrong with them (see `settings.py`)."""

    findings: Findings

    def value(self, raw: Any, path: YamlPath) -> Any: ...

    def secret(self, raw: Any, path: YamlPath) -> Secret | None: ...

    def parsed(self, raw: Any, path: YamlPath, kind: Any) -> Any: ...


def publish_settings(
    manifest: Manifest, reader: Reading, sandbox: SandboxOverrides | None
) -> PublishSettings | None:
    """The manifest's `publish`; None without one, or with a problem. A sandbox serves a folder in place of any."""
    raw = manifest.publish
    if raw is None:
        return None
    path: YamlPath = ("publish",)
    if sandbox is None and "url" in raw:
        return _in_bucket(raw, reader)
    if sandbox is None and "put" in raw:
        return _by_put(raw, reader)
    directory = reader.value(raw.get("directory", "published"), (*path, "directory"))
    base_url: str | None
    if sandbox is not None and sandbox.publish_base_url:
        base_url = sandbox.publish_base_url
    else:
        base_url = _address(raw, "base_url", reader)
    if not isinstance(directory, str) or base_url is None:
        return None
    return PublishSettings(manifest.folder / directory, base_url.rstrip("/") + "/")


def _in_bucket(raw: Any, reader: Reading) -> PublishSettings | None:
    expires = reader.parsed(raw.get("expires", "7d"), ("publish", "expires"), seconds)
    endpoint = _address(raw, "endpoint", reader)
    region = reader.value(raw.get("region"), ("publish", "region"))
    url = reader.value(raw["url"], ("publish", "url"))
    if expires is not None and not 1 <= expires <= LONGEST:
        reader.findings.add(
            "bad-value", "a signed link lasts from 1s to 7d", ("publish", "expires"), "write one like 2d"
        )
    if url is None or expires is None:
        return None
    found = _BUCKET.fullmatch(str(url))
    if found is None:
        hint = "write one like s3://bucket/prefix, of letters, digits, dots, hyphens and underscores"
        reader.findings.add("bad-value", "this is no bucket of S3", ("publish", "url"), hint)
        return None
    prefix = (found[2] or "").strip("/")
    bucket = Bucket(found[1], f"{prefix}/" if prefix else "", expires, endpoint, region and str(region))
    return PublishSettings(None, _named(bucket), bucket)


def _named(bucket: Bucket) -> str:
    """The address of a bucket's files without a signature: as much of it as is known without asking anybody."""
    if bucket.endpoint:
        return f"{bucket.endpoint}/{bucket.name}/{bucket.prefix}"
    region = f".{bucket.region}" if bucket.region else ""
    return f"https://{bucket.name}.s3{region}.amazonaws.com/{bucket.prefix}"


def _by_put(raw: Any, reader: Reading) -> PublishSettings | None:
    url = _address(raw, "put", reader)
    base_url = _address(raw, "base_url", reader) if "base_url" in raw else url
    auth = reader.secret(raw["auth"], ("publish", "auth")) if "auth" in raw else None
    if auth is not None and not (auth.isprintable() and auth.isascii()):
        reader.findings.add("bad-value", "this cannot stand in a header", ("publish", "auth"))
        return None
    if url is None or base_url is None:
        return None
    return PublishSettings(None, base_url + "/", web=WebFolder(url + "/", auth or ""))


def _address(raw: Any, name: str, reader: Reading) -> str | None:
    path: YamlPath = ("publish", name)
    return web_address(reader.value(raw.get(name), path), path, reader.findings)


def web_address(value: Any, path: YamlPath, findings: Findings) -> str | None:
    """A URL without its last slash; None when it is none, which is reported unless it is not there at all."""
    if value is None:
        return None
    if not isinstance(value, str) or not value.startswith(("http://", "https://")):
        findings.add("bad-value", "this is no URL", path, "write one like https://api.example.com")
        return None
    return str.__str__(value).rstrip("/")
