"""Languages and stock voices of the emulated Dubformer: a handful, in the documented form."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import MappingProxyType

SOURCE_LANGS = ("ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "sv", "tr", "uk")

EMOTIONAL_LANGS = ("en", "es", "fr", "de", "it", "pt")
"""Target languages for which emotional transfer exists
(docs.dubformer.ai/platform/endpoints/projects/create-project)."""

_NAMES: Mapping[str, tuple[str, str]] = {  # feminine and masculine first names
    "af-ZA": ("Adri", "Willem"),
    "am-ET": ("Mekdes", "Ameha"),
    "ar-AE": ("Fatima", "Hamdan"),
    "de-DE": ("Katja Amala", "Conrad Killian"),
    "en-GB": ("Sonia Libby", "Ryan Thomas"),
    "en-US": ("Jenny Aria", "Guy Davis"),
    "es-ES": ("Elvira Abril", "Alvaro Dario"),
    "fr-FR": ("Denise Eloise", "Henri Alain"),
    "it-IT": ("Elsa Isabella", "Diego Benigno"),
    "ja-JP": ("Nanami", "Keita"),
    "nl-NL": ("Colette", "Maarten"),
    "pl-PL": ("Zofia", "Marek"),
    "pt-BR": ("Francisca", "Antonio"),
    "sv-SE": ("Sofie", "Mattias"),
    "tr-TR": ("Emel", "Ahmet"),
    "uk-UA": ("Polina", "Ostap"),
}

TARGET_LANGS = tuple(_NAMES)


def _voices(lang: str) -> list[dict[str, str]]:
    stock = [
        {"name": name, "voice_key": f"53f154:{lang}-{name}Neural", "style": style}
        for names, style in zip(_NAMES[lang], ("feminine", "masculine"), strict=True)
        for name in names.split()
    ]
    if lang == "fr-FR":  # the keys that the documented samples use
        stock += [
            {"name": "Rachel", "voice_key": "voice:Rachel", "style": "feminine"},
            {"name": "New Voice", "voice_key": "voice:NewVoice", "style": "feminine"},
        ]
    return stock


VOICES: Mapping[str, list[dict[str, str]]] = MappingProxyType({lang: _voices(lang) for lang in TARGET_LANGS})
"""Target language → its voices, as `GET /api/v1/voices` shows them."""


def voices_of(lang: str, withdrawn: str) -> list[dict[str, str]]:
    """The voices of a language, without those whose name meets the glob `withdrawn`."""
    return [voice for voice in VOICES[lang] if not fnmatchcase(voice["name"], withdrawn)]
