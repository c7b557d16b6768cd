"""Credentials: which scheme they choose, which headers they make, and how a session is begun and renewed.

Nothing here sends anything: a session's login is a dialogue of calls that whoever has a connection carries
out.
"""

import base64
import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from urllib.parse import quote_plus

from runner.api.messages.encode import call_of
from runner.api.provider import Provider
from runner.api.vocabulary.lifedata import AuthScheme, CallSpec, SessionSpec
from runner.api.vocabulary.locate import MISSING, Scope, locate
from runner.model.errors import RunnerError
from runner.model.http import Answer, Call, NoAnswer, Reply

COOKIE = "cookie:"
_HOLE = re.compile(r"\{(auth|session)\.([^{}]+)\}|\{basic\}")


def choose(provider: Provider, credentials: Mapping[str, str]) -> AuthScheme:
    """The first of the provider's schemes whose credentials are all there; an API without schemes needs none.

    RunnerError names what is missing for the scheme that lacks least.
    """
    schemes = provider.auth
    if not schemes:
        return AuthScheme(())
    for scheme in schemes:
        if all(credentials.get(name) for name in scheme.needs):
            return scheme
    nearest = min(schemes, key=lambda scheme: len(_missing(scheme, credentials)))
    names = [f"providers.{provider.name}.auth.{name}" for name in _missing(nearest, credentials)]
    others = [" and ".join(scheme.needs) for scheme in schemes if scheme is not nearest]
    hint = f"or give {', or '.join(others)}" if others else ""
    raise RunnerError(f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing", hint)


def _missing(scheme: AuthScheme, credentials: Mapping[str, str]) -> list[str]:
    return [name for name in scheme.needs if not credentials.get(name)]


def credentials_of(
    scheme: AuthScheme, auth: Mapping[str, str], session: Mapping[str, str], form: str = "bearer"
) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and query parameters that go with every call. With the form `bare` an Authorization carries
    the token without the word Bearer before it."""
    headers = {name: _filled(template, auth, session) for name, template in scheme.headers.items()}
    query = {name: _filled(template, auth, session) for name, template in scheme.query.items()}
    if form == "bare":
        for name in headers:
            if name.lower() == "authorization":
                headers[name] = headers[name].removeprefix("Bearer ")
    cookies = [
        f"{name.removeprefix(COOKIE)}={value}" for name, value in session.items() if name.startswith(COOKIE)
    ]
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return headers, query


def _filled(template: str, auth: Mapping[str, str], session: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[0] == "{basic}":
            pair = f"{auth.get('username', '')}:{auth.get('password', '')}"
            return base64.b64encode(pair.encode()).decode()
        held = auth if match[1] == "auth" else session
        if match[2] not in held:
            raise RunnerError(f"{match[1]}.{match[2]} is not known yet, so no call can be sent")
        return str.__str__(held[match[2]])

    return _HOLE.sub(value, template)


def session_flow(
    provider: Provider, scheme: AuthScheme, auth: Mapping[str, str], held: Mapping[str, str]
) -> Generator[Call, Reply, dict[str, str]]:
    """Begins a session, or renews the one in `held`: yields calls to be sent without credentials, is sent
    what came of each, and returns the new session. A renewal that fails is followed by a login.

    RunnerError when the login does not give a session.
    """
    spec = scheme.session
    if spec is None:
        return {}
    scope = Scope(auth={**auth, **_client(auth)}, session=held)
    if spec.refresh is not None and _can_send(spec.refresh, scope):
        answer = yield _sendable(provider, spec.refresh, scope)
        if isinstance(answer, Answer) and answer.ok:
            renewed = _kept(spec, answer)
            if renewed:
                return {**held, **renewed}
    answer = yield _sendable(provider, spec.login, scope)
    if isinstance(answer, NoAnswer):
        raise RunnerError(f"{provider.name}: no answer to the login: {answer.message}")
    if not answer.ok:
        hint = f"check providers.{provider.name}.auth" if answer.status < 500 else ""
        raise RunnerError(f"{provider.name}: the login was refused with {answer.status}", hint)
    begun = _kept(spec, answer)
    lacking = [name for name in spec.keep if name not in begun and name in _named(scheme)]
    if lacking:
        told = answer.unreadable or f"it does not hold {', '.join(spec.keep[name] for name in lacking)}"
        raise RunnerError(f"{provider.name}: the answer to the login cannot be used: {told}")
    return begun


def _client(auth: Mapping[str, str]) -> dict[str, str]:
    """What logins may refer to as `$auth.basic`: a client's id and secret as RFC 6749, section 2.3.1, sends them."""
    if not auth.get("client_id") or not auth.get("client_secret"):
        return {}
    pair = ":".join(quote_plus(str.__str__(auth[name])) for name in ("client_id", "client_secret"))
    return {"basic": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _can_send(call: CallSpec, scope: Scope) -> bool:
    refs = [source for source in call.send.values() if isinstance(source, str)]
    return bool(refs) and all(locate(ref, scope) for ref in refs)


def _sendable(provider: Provider, spec: CallSpec, scope: Scope) -> Call:
    return replace(call_of(provider, spec, scope, repeatable=True), credentials=False)


def _kept(spec: SessionSpec, answer: Answer) -> dict[str, str]:
    """What an answer gives to keep; what it does not repeat (a refresh token) stays as it was held."""
    scope = Scope(answer=answer)
    found = {name: locate(ref, scope) for name, ref in spec.keep.items()}
    kept = {name: str(value) for name, value in found.items() if value is not MISSING and value}
    for name in spec.cookies:
        matched = re.search(
            rf"(?:^|[,;\s]){re.escape(name)}=([^;,\s]*)", answer.headers.get("set-cookie", "")
        )
        if matched and matched[1]:
            kept[COOKIE + name] = matched[1]
    return kept


def _named(scheme: AuthScheme) -> set[str]:
    """The session values that every call carries."""
    texts = (*scheme.headers.values(), *scheme.query.values())
    return {match[2] for text in texts for match in _HOLE.finditer(text) if match[1] == "session"}
