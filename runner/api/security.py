"""The ways to authenticate that a document itself declares, for those without an `x-runner` of their own."""

from collections.abc import Mapping
from typing import Any

from runner.api.document import Document
from runner.api.lifedata import AuthScheme


def plain_auth(document: Document) -> tuple[AuthScheme, ...]:
    """API keys are credentials under the scheme's own name, bearer tokens `token`, basic `username` and
    `password`."""
    components = document.root.get("components")
    declared = components.get("securitySchemes") if isinstance(components, Mapping) else None
    if not isinstance(declared, Mapping):
        return ()
    made = [_scheme(str(name), document.resolve(raw)) for name, raw in declared.items()]
    return tuple(scheme for scheme in made if scheme)


def _scheme(name: str, raw: Any) -> AuthScheme | None:
    if not isinstance(raw, Mapping):
        return None
    kind, place = raw.get("type"), raw.get("in")
    if kind == "apiKey" and isinstance(raw.get("name"), str):
        field, value = raw["name"], "{auth." + name + "}"
        if place == "query":
            return AuthScheme((name,), query={field: value})
        if place == "cookie":
            return AuthScheme((name,), headers={"Cookie": f"{field}={value}"})
        return AuthScheme((name,), headers={field: value})
    if kind == "http" and str(raw.get("scheme")).lower() == "bearer":
        return AuthScheme(("token",), headers={"Authorization": "Bearer {auth.token}"})
    if kind == "http" and str(raw.get("scheme")).lower() == "basic":
        return AuthScheme(("username", "password"), headers={"Authorization": "Basic {basic}"})
    if kind in ("oauth2", "openIdConnect"):
        return AuthScheme(("token",), headers={"Authorization": "Bearer {auth.token}"})
    return None
