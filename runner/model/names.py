"""Names of files that every usual disk and system takes as they are written."""

import os
import unicodedata

LONGEST = 255
"""Bytes of a name that usual disks can hold."""

_PORTS = (f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³")
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS})
"""Names that are devices on some systems, whatever ending they have."""

_BEGINNINGS = frozenset(name[:3] for name in _DEVICES)


def unfit(name: str) -> str:
    """Why one step of a path cannot be the name of a file or a folder; empty when it can."""
    plain = name.isascii() and name.isprintable() and len(name) <= LONGEST
    if plain and name[:3].lower() not in _BEGINNINGS and name[:1] != " ":
        return ""  # as nearly all are: a season has a hundred thousand of them
    if name.split(".")[0].split(":")[0].strip().lower() in _DEVICES:
        return f"{name} is the name of a device"
    if any(unicodedata.category(letter) == "Cc" for letter in name):
        return f"{name!r} holds a control character"
    try:
        length = len(os.fsencode(name))
    except UnicodeEncodeError:  # half a surrogate pair, out of an answer
        return f"{name!r} holds half a character"
    if length > LONGEST:
        return f"{name[:20]}… is longer than the {LONGEST} bytes that a disk can hold"
    return ""


def folded(path: str) -> str:
    """A path as some disks see it, which tell neither case nor ways to write an accent apart, nor last dots."""
    text = path.lower()
    if not path.isascii():
        text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
    if "./" not in text and " /" not in text and text[-1:] not in (".", " "):
        return text
    return "/".join(step.rstrip(". ") or step for step in text.split("/"))
