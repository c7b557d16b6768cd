"""A file on its way to where `publish` says, until it can be read there."""

import asyncio
from urllib.parse import quote

from runner.engine.running.desk import Desk
from runner.engine.wire.publish import OWN, PROBE_FOR, may_probe, place, probe
from runner.engine.wire.uploads import put
from runner.model.http import Upload

_ASKS = {
    "bucket": "may these credentials read what they wrote (s3:GetObject)?",
    "web": "is publish.base_url where the files of publish.put are read?",
}


async def publish(desk: Desk, name: str, content: Upload) -> str:
    """Put a file where the manifest publishes, unless it stands there already, and read it back; its unsigned URL.

    Raises NotPublished, and OSError when a folder cannot be written.
    """
    settings, links = desk.work.publish, desk.accounts.links
    assert settings is not None, "a file without publish: is a problem of the manifest"
    read = url = settings.base_url + quote(name)
    ask = OWN
    if links is not None:
        read, ask = await links.upload(name, content), _ASKS["bucket"]
    elif settings.web is not None:
        await put(desk.transport, settings.web, name, content)
        ask = _ASKS["web"]
    else:
        assert settings.directory is not None, "one of the three is there"
        await asyncio.to_thread(place, settings.directory, name, content)
    if may_probe(url, desk.options.loopback_only):
        patience = PROBE_FOR / desk.options.speed
        await probe(desk.transport, read, content.sha256, patience=patience, shown=url, ask=ask)
    return url
