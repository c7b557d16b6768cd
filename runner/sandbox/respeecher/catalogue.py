"""What the emulated Respeecher has before anybody makes anything: a user, voices, accents, styles, TTS voices."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

VISIBILITIES = ("public", "paid", "private", "kids")
SPECIES = ("human", "animal", "other")
GENDERS = ("male", "female")
AGE_GROUPS = ("child", "young", "adult", "senior")
PITCH_GROUPS = ("low", "mid", "high")
NATIONALITIES = ("American", "British", "Ukrainian", "French")
SAMPLE_STYLES = ("calm", "excited")

_NAMES = (
    "Ada", "Bruno", "Clara", "Dmytro", "Elise", "Frank", "Grace", "Hugo", "Iris", "Jonas", "Kira", "Luca",
    "Mara", "Nils", "Olena", "Pavlo", "Rosa", "Quinn", "Tess", "Stefan", "Ulla", "Viktor", "Wanda", "Yuri",
)  # fmt: skip
_VOICES = 60
_LOCALES = (("American", "US", "en-US"), ("British", "UK", "en-GB"))
_BORN = "2024-02-28T11:21:32.401Z"


def made_id(*names: str) -> str:
    """A UUID of version 4 that depends on the names alone."""
    return str(uuid.UUID(bytes=hashlib.sha256("/".join(names).encode()).digest()[:16], version=4))


USER_ID = made_id("user")
GROUP_ID = made_id("group")
USER: Mapping[str, Any] = {
    "id": USER_ID,
    "email": "sandbox@respeecher.example",
    "verified": True,
    "username": "sandbox",
    "roles": ["user"],
    "groups": [{"id": GROUP_ID, "name": "Studio"}],
    "first_name": "Sand",
    "last_name": "Box",
    "data": {"rate_limits": {"fast": {"times": 500, "seconds": 300}, "slow": {"times": 100, "seconds": 300}}},
}
OWNERS = (USER_ID, GROUP_ID)


def _voice(number: int) -> dict[str, Any]:
    name = _NAMES[number % len(_NAMES)] + ("" if number < len(_NAMES) else f" {number // len(_NAMES) + 1}")
    gender = GENDERS[(number + 1) % 2]
    return {
        "id": made_id("voice", name),
        "owner_id": USER_ID if number % 10 == 2 else None,
        "name": name,
        "slug": name.lower().replace(" ", "-"),
        "visibility": "private" if number % 10 == 2 else VISIBILITIES[(0, 0, 0, 1, 3)[number % 5]],
        "species": "human" if number % 12 else SPECIES[1 + number // 12 % 2],
        "artist": f"Artist {number + 1}",
        "verified_artist": number % 3 == 0,
        "gender": gender,
        "pitch": 90 + 5 * number,
        "age_group": AGE_GROUPS[number // 8 % 4],
        "pitch_group": PITCH_GROUPS[min(number // 20, 2)],
        "nationality": NATIONALITIES[number // 2 % len(NATIONALITIES)],
        "image_url": None,
        "thumbnail_url": None,
        "description": f"A {gender} voice.",
        "rating": number % 5 + 1,
        "active": True,
        "created_at": _BORN,
        "accents": [
            {
                "id": made_id("accent", name, locale),
                "is_default": place == 0,
                "native": place == 0,
                "info": {"name": accent, "short_name": short, "locale": locale},
                "tiers": [{"name": "creator"}],
                "available": True,
            }
            for place, (accent, short, locale) in enumerate(_LOCALES)
        ],
        "narration_styles": [
            {"id": made_id("style", name, style), "is_default": place == 0, "info": {"name": style.title()}}
            for place, style in enumerate(SAMPLE_STYLES)
        ],
        "tiers": [{"name": "creator"}],
    }


VOICES: Mapping[str, Mapping[str, Any]] = {
    voice["id"]: voice for voice in (_voice(number) for number in range(_VOICES))
}
"""Voices by id, without what the account says of them."""

ACCENTS: Mapping[str, str] = {accent["id"]: id for id, voice in VOICES.items() for accent in voice["accents"]}
"""Accent → its voice."""

STYLES: Mapping[str, str] = {
    style["id"]: id for id, voice in VOICES.items() for style in voice["narration_styles"]
}
"""Narration style → its voice."""

TTS_VOICES: tuple[Mapping[str, Any], ...] = tuple(
    {
        "id": made_id("tts", name),
        "visibility": "public",
        "name": name,
        "f0": 110 + 60 * place,
        "is_default": place == 0,
    }
    for place, name in enumerate(("Standard", "Bright", "Deep"))
)
