"""Where a document's operations are to be found: `servers` of the document, of a path, of an operation."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from runner.api.openapi.document import Document
from runner.api.openapi.naming import METHODS, Target, path_item


def base_url(document: Document) -> str:
    """The URL of the first server that names a host, with its variables' defaults, without a slash at its end; empty
    when none does. Servers of paths and operations count only where the document itself has none."""
    own = _url(document, document.root)
    if own or document.root.get("servers"):
        return own if "://" in own else ""
    return next((url for url in _further(document) if "://" in url), "")


def foreign_server(document: Document, target: Target) -> str:
    """The server of an operation that is not at the document's base URL; empty for all others."""
    base = base_url(document)
    item = path_item(document, target.path)
    own = _url(document, item[target.method]) or _url(document, item)
    if own and "://" not in own:
        own = urljoin(f"{base}/", own).rstrip("/")
    return own if own != base else ""


def _further(document: Document) -> Iterator[str]:
    for path in document.root["paths"]:
        item = path_item(document, path)
        yield _url(document, item)
        yield from (_url(document, item[method]) for method in METHODS if method in item)


def _url(document: Document, node: Any) -> str:
    """The first server of a document, a path or an operation."""
    if not isinstance(node, Mapping):
        return ""
    servers = document.sequence(node, "servers")
    first = servers[0] if servers and isinstance(servers[0], Mapping) else {}
    url = str(first.get("url") or "")
    variables = document.mapping(first, "variables")
    for name in variables:
        held = document.mapping(variables, name)
        values = held.get("enum")
        default = held.get("default", values[0] if isinstance(values, list) and values else "")
        url = url.replace("{" + name + "}", str(default))
    if "://" not in url and url.startswith("//"):
        url = f"https:{url}"
    return "" if "{" in url else url.rstrip("/")
