"""A client for contract tests: it speaks to the sandbox with what our own documents and encoder say."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import jsonschema

from runner.api.catalogue import Catalogue
from runner.api.inputs import answer_schema
from runner.api.messages.auth import choose, credentials_of, session_flow
from runner.api.messages.decode import decode
from runner.api.messages.encode import encode
from runner.api.messages.judge import Verdict, judge
from runner.api.openapi.operation import Operation
from runner.api.provider import Provider, Use
from runner.model.http import Answer, Call
from runner.sandbox.serve import Sandbox


def used(uses: str) -> Use:
    """What the shipped documents say of `provider.name`."""
    found = Catalogue().use(uses)
    assert found is not None, uses
    return found


class Client:
    """Sends calls of a provider's operations to the sandbox."""

    def __init__(self, provider: Provider, sandbox: Sandbox, http: httpx.Client) -> None:
        self.provider = provider
        self.sandbox = sandbox
        self.base_url = sandbox.base_urls[provider.name]
        self.auth = dict(sandbox.credentials[provider.name])
        self.form = "bearer"
        self._http = http
        self._session: dict[str, str] | None = None

    def call(self, operation: str, inputs: Mapping[str, Any] | None = None, **more: str) -> Answer:
        """The answer to one operation with these inputs; further headers by keyword."""
        headers = [(name.replace("_", "-"), value) for name, value in more.items()]
        known = self.provider.operation(operation)
        return self.send(encode(known, inputs or {}, headers=headers), known)

    def verdict(self, answer: Answer) -> Verdict:
        """What the answer means by the provider's own errors."""
        return judge(answer, self.provider.errors)

    def send(self, call: Call, operation: Operation | None = None) -> Answer:
        headers, query = self._credentials() if call.credentials else ({}, {})
        url = self.base_url + call.path + (f"?{urlencode(query)}" if query else "")
        content = b"".join(
            piece if isinstance(piece, bytes) else Path(piece.path).read_bytes() for piece in call.body
        )
        sent = self._http.request(
            call.method, url, headers=[*call.headers, *headers.items()], content=content
        )
        return decode(sent.status_code, dict(sent.headers), sent.content, operation)

    def _credentials(self) -> tuple[dict[str, str], dict[str, str]]:
        scheme = choose(self.provider, self.auth)
        if self._session is None:
            self._session = self.begin(self._held())
        return credentials_of(scheme, self.auth, self._session, self.form)

    def _held(self) -> dict[str, str]:
        return {}

    def begin(self, held: Mapping[str, str]) -> dict[str, str]:
        """A session, begun anew or from what is held."""
        flow = session_flow(self.provider, choose(self.provider, self.auth), self.auth, held)
        try:
            call = next(flow)
            while True:
                call = flow.send(self.send(call))
        except StopIteration as end:
            session: dict[str, str] = end.value
            return session

    def documented(self, operation: str, answer: Answer) -> None:
        """The answer's status and body are as the document says, to the last field."""
        known = self.provider.operation(operation)
        assert str(answer.status) in known.responses or "2XX" in known.responses
        assert not answer.unreadable
        schema = closed(answer_schema(known))
        if schema:
            jsonschema.validate(answer.body, schema, jsonschema.Draft202012Validator)
        else:
            assert answer.body is None


def closed(schema: Any) -> Any:
    """The schema with every object closed, so that an undocumented field is found."""
    if isinstance(schema, dict):
        made = {key: closed(child) for key, child in schema.items()}
        if isinstance(made.get("properties"), dict) and "additionalProperties" not in made:
            made["additionalProperties"] = False
        return made
    return [closed(child) for child in schema] if isinstance(schema, list) else schema
