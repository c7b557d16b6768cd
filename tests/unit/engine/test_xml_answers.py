"""An answer in XML, from a real server to the values that a manifest sees."""

import asyncio
from pathlib import Path

from runner.api.catalogue import Catalogue
from runner.api.messages.encode import encode
from runner.engine.wire.accounts import Account
from runner.engine.wire.transport import Transport
from runner.model.http import Answer, Reply
from runner.model.settings import ProviderSettings
from runner.sandbox.serve import SandboxSettings, running


def test_numbers_and_lists_of_an_answer_in_xml_are_those_of_the_document(tmp_path: Path) -> None:
    provider = Catalogue().provider("rev")

    async def ask(base_url: str, auth: dict[str, str]) -> Reply:
        transport = Transport()
        try:
            account = Account(provider, ProviderSettings("rev", auth, base_url), transport)
            operation = provider.operation("listWorkspaces")
            return await account.ask(encode(operation, {}, headers=[("Accept", "application/xml")]))
        finally:
            await transport.close()

    with running(SandboxSettings(tmp_path)) as sandbox:
        reply = asyncio.run(ask(sandbox.base_urls["rev"], dict(sandbox.credentials["rev"])))

    assert isinstance(reply, Answer)
    assert reply.headers["content-type"].startswith("application/xml")
    assert reply.body["workspaces"][0] == {"id": 123456789, "name": "Season one"}
