"""Texts that know more than their characters: secrets, published files and local files."""

from typing import Any


class Secret(str):
    """A text that must not surface. `reference` says where it came from (`env.REV_USER_KEY`), never what it is."""

    reference: str

    def __new__(cls, value: str, reference: str) -> "Secret":
        made = super().__new__(cls, value)
        made.reference = reference
        return made

    def __repr__(self) -> str:
        return f"Secret({self.reference})"


class FileText(str):
    """The text of a local file that `file("…")` read; it counts in a digest by its content."""

    path: str

    def __new__(cls, value: str, path: str) -> "FileText":
        made = super().__new__(cls, value)
        made.path = path
        return made


class PublishedUrl(str):
    """The URL of a file that runner publishes. In a digest it counts by `sha256`, never by its address."""

    sha256: str

    def __new__(cls, value: str, sha256: str) -> "PublishedUrl":
        made = super().__new__(cls, value)
        made.sha256 = sha256
        return made


class LocalFile(str):
    """The path of a local file that a request streams (a `format: binary` field); counts by `sha256` in a digest."""

    sha256: str

    def __new__(cls, value: str, sha256: str) -> "LocalFile":
        made = super().__new__(cls, value)
        made.sha256 = sha256
        return made


def plain(value: Any) -> Any:
    """The same tree with every special text as an ordinary `str`, fit for an encoder."""
    if isinstance(value, dict):
        return {str(key): plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [plain(child) for child in value]
    if isinstance(value, str) and type(value) is not str:
        return str.__str__(value)
    return value
