"""Durations, rates and sizes as manifests write them."""

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
_RATE_PERIODS = {"s": 1.0, "sec": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

DURATION = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|h|d)$")
RATE = re.compile(r"^(\d+)/(?:(\d+)?(s|sec|min|m|h|d))$")
SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)$")


def seconds(text: str) -> float:
    """`500ms`, `30s`, `5m`, `12h`, `21d` in seconds; ValueError for anything else."""
    match = DURATION.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration like 500ms, 30s, 5m, 12h or 21d")
    return float(match[1]) * _SECONDS[match[2]]


def rate(text: str) -> tuple[int, float]:
    """`60/min` or `500/300s` as (how many, per seconds); ValueError for anything else."""
    match = RATE.match(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a rate like 60/min or 500/300s")
    return int(match[1]), float(match[2] or 1) * _RATE_PERIODS[match[3]]


def size(text: str) -> int:
    """`64 KiB` in bytes; ValueError for anything else."""
    match = SIZE.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a size like 64 KiB")
    return int(float(match[1]) * _SIZES[match[2]])


def spell_size(value: float) -> str:
    """Bytes as a person reads them at once: `812 B`, `4.2 MiB`, `100 GiB`."""
    unit = max((one for one in _SIZES.items() if one[1] <= value), key=lambda one: one[1], default=("B", 1))
    count = value / unit[1]
    return f"{count:.1f} {unit[0]}" if count < 10 and count % 1 else f"{count:.0f} {unit[0]}"


def spell_duration(value: float) -> str:
    """A duration in seconds in the fewest characters a person reads at once: `0.4 s`, `42 s`, `3 m 10 s`, `2 h 5 m`."""
    if value < 10:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60} s" if whole % 60 else f"{whole // 60} m"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60} m" if whole % 3600 >= 60 else f"{whole // 3600} h"
    return f"{whole // 86400} d {whole % 86400 // 3600} h" if whole % 86400 >= 3600 else f"{whole // 86400} d"
