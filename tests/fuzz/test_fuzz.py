"""Whatever our own documents allow, and a good deal that they do not, is asked of the sandbox: it never fails, and it
answers with documented codes, media types, headers and fields alone.

A few examples of each operation, the same each time; `make fuzz` tries many others (FUZZ_EXAMPLES, and FUZZ_SEED to
repeat a run).
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests
import schemathesis
from fuzz_documents import accepted, document, prepared
from fuzz_worlds import Account, furnished
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, BaseSchema, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.errors import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from runner.sandbox.ground.film import sound
from runner.sandbox.serve import Sandbox, SandboxSettings, running

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))

# Left out is what would judge the emulation where the real API is not known: whether it refuses each wrong request and
# takes each right one (negative_data_rejection, positive_data_acceptance), what it says of other methods
# (unsupported_method) and of missing headers (missing_required_header), and how soon a thing is there or gone
# (ensure_resource_availability, use_after_free). Credentials are the contract tests' business (ignored_auth).
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

# What a local file may hold: anything, or a sound, which alone gets past the first look at it.
schemathesis.openapi.format("binary", st.one_of(st.binary(), st.just(sound("fuzz"))))


class Fuzzer:
    """Asks an account of a provider; `found` holds the first failure of each operation, `asked` and `done` those that
    were asked at all, and with success."""

    def __init__(self, account: Account, session: requests.Session) -> None:
        self.found: dict[str, str] = {}
        self.asked: set[str] = set()
        self.done: set[str] = set()
        self._account = account
        self._session = session

    def ask_all(self, schema: BaseSchema, mode: GenerationMode, *, removing: bool) -> None:
        """Asks each operation that removes things, or each of the others."""
        schema.config.generation.with_security_parameters = False
        operations = [result.ok() for result in schema.get_all_operations()]
        if removing:
            operations.reverse()  # things come before what they are in
        for operation in operations:
            if removes(operation) == removing and (mode.is_positive or takes_anything(operation)):
                self._ask(operation, mode)

    def _ask(self, operation: APIOperation, mode: GenerationMode) -> None:
        forms = st.sampled_from(accepted(operation.schema.raw_schema, operation.path, operation.method))

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), form=forms)
        def ask(case: Case, form: str) -> None:
            if operation.label not in self.found:
                self._send(case, form)

        try:
            ask()
        except Unsatisfiable:
            # A wrong request cannot be made of every schema, as any text is an id, for instance.
            assert mode.is_negative

    def _send(self, case: Case, form: str) -> None:
        """Sends a request, and notes what is wrong with its answer; hypothesis is not told, as the world has changed
        since, and to try again would find something else."""
        headers = {**self._account.headers(), "Accept": form}
        answer = case.call(self._account.base_url, self._session, headers)
        self.asked.add(case.operation.label)
        if answer.status_code < 400:
            self.done.add(case.operation.label)
        try:
            case.validate_response(answer, CHECKS)
        except FailureGroup as failures:
            told = [str(failure) for failure in failures.exceptions]
            request = case.as_curl_command(headers={"Accept": form})
            self.found[case.operation.label] = "\n".join([*told, request, repr(answer.content[:500])])


def removes(operation: APIOperation) -> bool:
    name = operation.definition.raw["operationId"]
    return operation.method == "delete" or name.startswith("delete")


def takes_anything(operation: APIOperation) -> bool:
    return bool(operation.body) or any(True for _ in operation.iter_parameters())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Iterator[Sandbox]:
    with running(SandboxSettings(tmp_path_factory.mktemp("fuzzed"), speed=20_000, files=files)) as served:
        served.set_faults({"settings": {"balance": 1e12}})  # an empty account would refuse all that follows
        yield served


@pytest.mark.parametrize("provider", ["blurb", "dubformer", "respeecher", "rev", "revoice"])
def test_no_request_makes_the_sandbox_fail_or_answer_what_is_not_documented(
    provider: str, sandbox: Sandbox, files: Path
) -> None:
    with httpx.Client(trust_env=False) as http, requests.Session() as session:
        session.trust_env = False
        account = Account(provider, sandbox, http)
        ours, known = document(provider), furnished(account, files)
        reaching = schemathesis.openapi.from_dict(prepared(ours, known))
        strange = schemathesis.openapi.from_dict(prepared(ours, {}))
        fuzzer = Fuzzer(account, session)
        for removing in (False, True):
            fuzzer.ask_all(strange, GenerationMode.POSITIVE, removing=removing)
            fuzzer.ask_all(reaching, GenerationMode.NEGATIVE, removing=removing)
            fuzzer.ask_all(reaching, GenerationMode.POSITIVE, removing=removing)
    assert len(fuzzer.done) >= 0.8 * len(fuzzer.asked), f"too shallow: {fuzzer.asked - fuzzer.done}"
    assert not fuzzer.found, "\n\n".join(f"{label}: {text}" for label, text in fuzzer.found.items())
