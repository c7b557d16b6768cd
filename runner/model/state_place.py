"""Where a state is kept: in a file, or in a PostgreSQL database that many manifests share."""

from pathlib import Path
from urllib.parse import parse_qsl, unquote

from runner.model.frozen import frozen
from runner.model.text import Secret

SCHEMES = ("postgresql", "postgres")
_SECRET_OPTIONS = ("password", "sslpassword")


@frozen
class Database:
    """A state in a PostgreSQL database. `url` is secret as a whole; `name` is the manifest's, as several
    manifests share a database. As text it names host and database alone, so that it fits into any message."""

    url: Secret
    name: str

    def __str__(self) -> str:
        shown = _plain_part(str.__str__(self.url)).rpartition("@")[2]
        return f"postgresql://{shown} (state {self.name})"

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """The URL, and each password in it as it is written there and as it is meant."""
        return (self.url, *(Secret(word, self.url.reference) for word in passwords_of(str.__str__(self.url))))


StatePlace = Path | Database


def is_database(text: str) -> bool:
    """Whether a text names a database of the kind that can keep a state."""
    return text.partition("://")[0] in SCHEMES and "://" in text


def passwords_of(url: str) -> tuple[str, ...]:
    """The passwords in a URL, spelled as they are there and as they are meant; nothing is raised for what is no URL."""
    user, found, _ = _plain_part(url).rpartition("@")
    written = [user.partition(":")[2]] if found and ":" in user else []
    query = url.partition("?")[2]
    meant = [value for name, value in parse_qsl(query) if name in _SECRET_OPTIONS]
    written += [
        pair.partition("=")[2] for pair in query.split("&") if pair.partition("=")[0] in _SECRET_OPTIONS
    ]
    spelled = [*written, *(unquote(word) for word in written), *meant]
    return tuple(dict.fromkeys(word for word in spelled if word))


def _plain_part(url: str) -> str:
    """What stands between the scheme and the options. A password may hold a slash that ought to be spelled as %2F."""
    return url.partition("://")[2].partition("?")[0]
