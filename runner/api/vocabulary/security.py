"""The ways to authenticate that a document itself declares, for those without an `x-runner` of their own.

A manifest names the credentials: an API key by the name of its scheme (`api_key` too, where there is one only), a
bearer token `token`, basic `username` and `password`, OAuth 2 client credentials `client_id` and `client_secret`, with
`scope` where the document's scopes are not the right ones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from itertools import product
from typing import Any
from urllib.parse import urljoin

from runner.api.openapi.document import Document
from runner.api.openapi.naming import METHODS, path_item
from runner.api.openapi.operation import FORM, MediaType, Operation, Parameter
from runner.api.vocabulary.lifedata import AuthScheme, CallSpec, SessionSpec
from runner.model.frozen import frozen

_UNREADABLE = ("digest", "hoba", "mutual", "negotiate", "ntlm", "scram", "vapid", "dpop")


@frozen
class PlainAuth:
    """The schemes, best first, and the operations that begin their sessions, which the document has no path for."""

    schemes: tuple[AuthScheme, ...] = ()
    operations: Mapping[str, Operation] = field(default_factory=dict)


def plain_auth(document: Document, base_url: str = "") -> PlainAuth:
    """What the document's `securitySchemes` ask for, in the combinations of its `security`."""
    components = document.root.get("components")
    declared = components.get("securitySchemes") if isinstance(components, Mapping) else None
    if not isinstance(declared, Mapping):
        return PlainAuth()
    operations: dict[str, Operation] = {}
    ways: dict[str, list[AuthScheme]] = {}
    for name, raw in declared.items():
        found = list(_ways(document, str(name), document.resolve(raw), base_url, operations))
        if found:
            ways[str(name)] = found
    schemes: list[AuthScheme] = []
    for scheme in _schemes(document, ways, _lone_key(document, declared)):
        if scheme not in schemes:
            schemes.append(scheme)
    return PlainAuth(tuple(schemes), operations)


def _schemes(
    document: Document, ways: Mapping[str, list[AuthScheme]], lone: AuthScheme | None
) -> Iterator[AuthScheme]:
    """Those that need most first, as whoever gives all credentials means them all."""
    wanted = [names for names in _requirements(document) if set(names) <= set(ways)]
    left = [(name,) for name in ways if not any(name in names for names in wanted)]
    for names in sorted([*wanted, *left], key=len, reverse=True):
        if names:
            for parts in product(*(ways[name] for name in names)):
                merged = _merged(parts)
                if merged is not None:
                    yield merged
    if lone is not None:
        yield lone
    if () in wanted:
        yield AuthScheme(())


def _requirements(document: Document) -> list[tuple[str, ...]]:
    """The different sets of schemes that the document and its operations ask for; an empty one: nothing is needed."""
    found = dict.fromkeys(_names(document, document.root))
    for path in document.root["paths"]:
        item = path_item(document, path)
        for method in METHODS:
            if isinstance(item.get(method), Mapping) and "security" in item[method]:
                found.update(dict.fromkeys(names for names in _names(document, item[method]) if names))
    return list(found)


def _names(document: Document, node: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        tuple(sorted(map(str, entry)))
        for entry in document.sequence(node, "security")
        if isinstance(entry, Mapping)
    ]


def _merged(parts: tuple[AuthScheme, ...]) -> AuthScheme | None:
    """Several schemes at once; None when they would overwrite each other."""
    made = parts[0]
    for other in parts[1:]:
        headers, query = dict(made.headers), {**made.query, **other.query}
        for name, value in other.headers.items():
            if name == "Cookie" and name in headers:
                headers[name] = f"{headers[name]}; {value}"
            elif name in headers and headers[name] != value:
                return None
            else:
                headers[name] = value
        needs = tuple(dict.fromkeys((*made.needs, *other.needs)))
        made = replace(made, needs=needs, headers=headers, query=query, session=made.session or other.session)
    return made


def _ways(
    document: Document, name: str, raw: Any, base_url: str, operations: dict[str, Operation]
) -> Iterator[AuthScheme]:
    if not isinstance(raw, Mapping):
        return
    kind = raw.get("type")
    if kind == "apiKey" and isinstance(raw.get("name"), str):
        yield _key(raw, name)
    elif kind == "http":
        scheme = str(raw.get("scheme") or "bearer")
        if scheme.lower() == "basic":
            yield AuthScheme(("username", "password"), headers={"Authorization": "Basic {basic}"})
        elif scheme.lower() == "bearer":
            yield _bearer()
        elif not scheme.lower().startswith(_UNREADABLE):
            yield AuthScheme(("token",), headers={"Authorization": f"{scheme} {{auth.token}}"})
    elif kind in ("oauth2", "openIdConnect"):
        flows = document.mapping(raw, "flows")
        flow = document.mapping(flows, "clientCredentials")
        if isinstance(flow.get("tokenUrl"), str):
            yield from _client_credentials(document, name, flow, base_url, operations)
        yield _bearer()


def _bearer() -> AuthScheme:
    return AuthScheme(("token",), headers={"Authorization": "Bearer {auth.token}"})


def _key(raw: Mapping[str, Any], credential: str) -> AuthScheme:
    field_name, value = str(raw["name"]), "{auth." + credential + "}"
    if raw.get("in") == "query":
        return AuthScheme((credential,), query={field_name: value})
    if raw.get("in") == "cookie":
        return AuthScheme((credential,), headers={"Cookie": f"{field_name}={value}"})
    return AuthScheme((credential,), headers={field_name: value})


def _lone_key(document: Document, declared: Mapping[str, Any]) -> AuthScheme | None:
    """The only API key under a name that nobody need look up."""
    resolved = [document.resolve(raw) for raw in declared.values()]
    keys = [raw for raw in resolved if isinstance(raw, Mapping) and raw.get("type") == "apiKey"]
    if len(keys) != 1 or not isinstance(keys[0].get("name"), str) or "api_key" in declared:
        return None
    return _key(keys[0], "api_key")


def _client_credentials(
    document: Document, name: str, flow: Mapping[str, Any], base_url: str, operations: dict[str, Operation]
) -> Iterator[AuthScheme]:
    """A session of RFC 6749, section 4.4. It lasts until the API answers 401, as lives differ from token to token.

    Servers take the client's id and secret as Basic credentials, in the form, or either (section 2.3.1): the form is
    tried first, as the way to renew a session, and Basic when that is refused, as the way to begin one.
    """
    id = f"token of {name}"
    operations[id] = _token_operation(document, id, str(flow["tokenUrl"]), base_url)
    scopes = " ".join(_scopes(document, name))
    grant: dict[str, Any] = {"grant_type": ["client_credentials"]}
    client = {"client_id": "$auth.client_id", "client_secret": "$auth.client_secret"}
    basic = {"Authorization_header": "$auth.basic"}
    for scope, more in (("$auth.scope", ("scope",)), ([scopes], ())):
        asked: dict[str, Any] = {**grant, "scope": scope} if scope != [""] else grant
        session = SessionSpec(
            login=CallSpec(id, {**asked, **basic}),
            refresh=CallSpec(id, {**asked, **client}),
            keep={"access_token": "$response.body#/access_token"},
        )
        yield AuthScheme(
            ("client_id", "client_secret", *more),
            headers={"Authorization": "Bearer {session.access_token}"},
            session=session,
        )


def _scopes(document: Document, name: str) -> list[str]:
    """The scopes that the document as a whole asks for."""
    found: dict[str, None] = {}
    for entry in document.sequence(document.root, "security"):
        held = entry.get(name) if isinstance(entry, Mapping) else None
        found.update(dict.fromkeys(map(str, held)) if isinstance(held, list) else {})
    return list(found)


def _token_operation(document: Document, id: str, url: str, base_url: str) -> Operation:
    """The request for a token. A URL below the base URL moves with it, when a manifest names another."""
    whole = urljoin(f"{base_url}/", url) if base_url else url
    below = whole.removeprefix(base_url) if base_url else whole
    moves = "://" not in below and below.startswith("/")
    fields = {field: {"type": "string"} for field in ("grant_type", "client_id", "client_secret", "scope")}
    form = MediaType(FORM, {"type": "object", "properties": fields})
    header = Parameter("Authorization", "header", "Authorization_header", False, {}, "simple", False)
    return Operation(
        id=id,
        method="POST",
        path=below if moves else "",
        document=document,
        parameters=(header,),
        media=(form,),
        body_required=True,
        server="" if moves else whole,
    )
