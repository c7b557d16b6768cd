"""Small real media: an MP4 film (Motion JPEG in ISO base media, ISO/IEC 14496-12 and -14) and a WAV sound.

Both depend on a text alone, so that the same result has the same bytes in every run.
"""

import hashlib
import io
import math
import struct
import wave
from array import array

_WIDTH, _HEIGHT = 64, 40
_FRAMES, _FRAME_MS = 10, 200
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_SOUND_RATE, _SOUND_SECONDS = 8000, 1


def film(text: str) -> bytes:
    """Two seconds of a changing grey, as an MP4 file whose title is the text."""
    shade = hashlib.sha256(text.encode()).digest()
    frames = [_jpeg(shade[index]) for index in range(_FRAMES)]
    kind = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isommp41")
    note = _box(b"free", text.encode())
    data = _box(b"mdat", b"".join(frames))
    first = len(kind) + len(note) + len(_movie(frames, 0)) + 8
    return kind + note + _movie(frames, first) + data


def sound(text: str) -> bytes:
    """A second of a soft tone, as a WAV file (16 bit, mono)."""
    pitch = 220 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:2]) % 440
    count = _SOUND_RATE * _SOUND_SECONDS
    samples = array(
        "h", (int(6000 * math.sin(2 * math.pi * pitch * index / _SOUND_RATE)) for index in range(count))
    )
    target = io.BytesIO()
    with wave.open(target, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(_SOUND_RATE)
        writer.writeframes(samples.tobytes())
    return target.getvalue()


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _full(kind: bytes, *parts: bytes, version_flags: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version_flags), *parts)


def _movie(frames: list[bytes], first: int) -> bytes:
    """The `moov` box; `first` is the place of the first frame in the file."""
    length = _FRAMES * _FRAME_MS
    head = _full(
        b"mvhd",
        struct.pack(">4I I H 10x", 0, 0, 1000, length, 0x10000, 0x100),
        _MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )
    track = _full(
        b"tkhd",
        struct.pack(">5I 8x 4H", 0, 0, 1, 0, length, 0, 0, 0, 0),
        _MATRIX,
        struct.pack(">2I", _WIDTH << 16, _HEIGHT << 16),
        version_flags=3,
    )
    media = _box(
        b"mdia",
        _full(b"mdhd", struct.pack(">4I 2H", 0, 0, 1000, length, 0x55C4, 0)),
        _full(b"hdlr", struct.pack(">I 4s 12x", 0, b"vide"), b"video\0"),
        _box(
            b"minf",
            _full(b"vmhd", bytes(8), version_flags=1),
            _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", version_flags=1))),
            _samples(frames, first),
        ),
    )
    return _box(b"moov", head, _box(b"trak", track, media))


def _samples(frames: list[bytes], first: int) -> bytes:
    """The `stbl` box: what a frame is, how long, how large, and where."""
    # An elementary stream descriptor: object type 0x6C is JPEG (10918-1), stream type 4 is visual.
    config = b"\x04\x0d\x6c\x11" + bytes(11)
    stream = struct.pack(">H B", 1, 0) + config + b"\x06\x01\x02"
    entry = _box(
        b"mp4v",
        struct.pack(">6x H 16x 2H 2I 4x H 32x H h", 1, _WIDTH, _HEIGHT, 0x480000, 0x480000, 1, 24, -1),
        _full(b"esds", b"\x03" + bytes([len(stream)]) + stream),
    )
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">3I", 1, len(frames), _FRAME_MS)),
        _full(b"stsc", struct.pack(">4I", 1, 1, len(frames), 1)),
        _full(
            b"stsz", struct.pack(">2I", 0, len(frames)), *(struct.pack(">I", len(frame)) for frame in frames)
        ),
        _full(b"stco", struct.pack(">2I", 1, first)),
    )


def _jpeg(shade: int) -> bytes:
    """A baseline JPEG of one grey: only the first block has anything to say."""
    value = shade - 128
    size = abs(value).bit_length()
    magnitude = value if value >= 0 else value + (1 << size) - 1
    bits = f"{size:04b}" + (f"{magnitude:0{size}b}" if size else "") + "0"
    bits += "00000" * (_WIDTH * _HEIGHT // 64 - 1)
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\x00")
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xDB, b"\x00" + bytes([8]) * 64),
            _segment(0xC0, struct.pack(">B 2H B 3B", 8, _HEIGHT, _WIDTH, 1, 1, 0x11, 0)),
            _segment(0xC4, b"\x00" + bytes([0, 0, 0, 9] + [0] * 12) + bytes(range(9))),
            _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00"),
            _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
            data,
            b"\xff\xd9",
        )
    )


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">2B H", 0xFF, marker, len(body) + 2) + body
