"""Words that look alike: for hints that say what was probably meant."""

from collections.abc import Iterable

_SHOWN = 12
_COMPARED = 5000


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that looks most like `word`, or an empty text when none does."""
    from difflib import get_close_matches

    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(_fold(each), each)
    if len(folded) > _COMPARED:
        return folded.get(_fold(word), "")
    found = get_close_matches(_fold(word), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the near miss, or else the first dozen of what there is; empty when nothing is known."""
    words = list(known)
    near = nearest(word, words)
    if near:
        return f"did you mean `{near}`?"
    if not words:
        return ""
    shown = ", ".join(f"`{each}`" for each in words[:_SHOWN])
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return f"known: {shown}{more}"


def _fold(word: str) -> str:
    return word.casefold().replace("_", "").replace("-", "").replace(" ", "")
