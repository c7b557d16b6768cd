"""A small real song: an MP3 file (ISO/IEC 11172-3, layer III) that is silent, for requests that want one."""

import hashlib

_HEAD = b"\xff\xfb\x90\xc4"  # MPEG 1, layer III, no checksum; 128 kbit/s, 44.1 kHz, one channel, original
_FRAME = 417  # bytes: 144 * 128000 / 44100
_FRAMES = 38  # a second


def song(text: str) -> bytes:
    """A second of silence, as an MP3 file whose title (ID3v1) depends on the text alone."""
    silence = _HEAD + bytes(_FRAME - len(_HEAD))  # side information of zeros: no data, so nothing sounds
    title = hashlib.sha256(text.encode()).hexdigest()[:30].encode()
    return silence * _FRAMES + b"TAG" + title + bytes(94) + b"\xff"
