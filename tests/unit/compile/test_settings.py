"""Providers, publishing and the place of the state."""

from folder import Folder

from runner.compile.instances.findings import Findings
from runner.compile.instances.settings import evaluate_providers, evaluate_settings
from runner.compile.instances.surroundings import SandboxOverrides, Surroundings
from runner.model.settings import SettleSettings
from runner.model.text import Secret

JOB = "jobs: {a: {uses: dubformer.voices}}\n"


def test_a_provider_is_evaluated_whole(folder: Folder) -> None:
    manifest = folder.manifest(
        JOB
        + """
vars: {host: api.example.com}
providers:
  dubformer:
    auth: {token: "${{ env.TOKEN }}"}
    base_url: https://${{ vars.host }}/v1/
    rate: 60/min
    max_in_flight: 8
    budget: {minutes: 500}
    settle: {effect: 2s, lag: 500ms, whole: true}
    allow_hosts: [cdn.example.com]
"""
    )

    made, problems = evaluate_providers(manifest, {"TOKEN": "s3cret"})

    found = made["dubformer"]
    assert problems == ()
    assert found.base_url == "https://api.example.com/v1"
    assert (found.rate, found.max_in_flight, found.budget) == ((60, 60.0), 8, {"minutes": 500.0})
    assert found.settle == SettleSettings(2.0, 0.5, True)
    assert repr(found.auth["token"]) == "Secret(env.TOKEN)"


def test_a_credential_of_text_and_variable_is_secret_too(folder: Folder) -> None:
    manifest = folder.manifest(JOB + 'providers: {dubformer: {auth: {token: "x-${{ env.TOKEN }}"}}}')

    made, _ = evaluate_providers(manifest, {"TOKEN": "s3cret"})

    assert isinstance(made["dubformer"].auth["token"], Secret)


def test_a_provider_that_is_only_used_has_defaults(folder: Folder) -> None:
    made, problems = evaluate_providers(folder.manifest(JOB), {})

    assert (made["dubformer"].max_in_flight, made["dubformer"].base_url, problems) == (4, None, ())


def test_an_unset_variable_of_auth_is_no_problem_offline(folder: Folder) -> None:
    text = JOB + 'providers: {dubformer: {auth: {token: "${{ env.TOKEN }}"}}}'

    offline, online = folder.check(text), folder.check(text, offline=False)

    assert offline.problems == ()
    assert [one.code for one in offline.unset] == ["unset-env"]
    assert online.work is None
    assert [one.message for one in online.problems] == ["the environment variable `TOKEN` is not set"]


def test_an_empty_variable_of_auth_is_as_good_as_unset(folder: Folder) -> None:
    checked = folder.check(JOB + 'providers: {dubformer: {auth: {token: "${{ env.TOKEN }}"}}}', {"TOKEN": ""})

    assert [one.code for one in checked.unset] == ["unset-env"]


def test_missing_credentials_are_told_online(folder: Folder) -> None:
    assert [one.code for one in folder.check(JOB, offline=False).problems] == ["no-credentials"]


def test_a_sandbox_needs_no_variable_and_has_its_own_state(folder: Folder) -> None:
    sandbox = SandboxOverrides(
        {"dubformer": {"token": "sand"}},
        {"dubformer": "http://127.0.0.1:1/dubformer"},
        "http://127.0.0.1:1/files/",
    )
    checked = folder.check(
        JOB
        + 'providers: {dubformer: {auth: {token: "${{ env.TOKEN }}"}, base_url: "${{ env.URL }}"}}\n'
        + 'publish: {directory: out, base_url: "${{ env.PUBLISHED }}"}',
        offline=False,
        sandbox=sandbox,
    )

    assert checked.work is not None
    settings = checked.work.settings["dubformer"]
    assert (str(settings.auth["token"]), settings.base_url) == ("sand", "http://127.0.0.1:1/dubformer")
    assert checked.work.publish is not None
    assert checked.work.publish.base_url == "http://127.0.0.1:1/files/"
    assert checked.work.state_place == folder.path / ".runner" / "season.sandbox.db"


def test_the_state_stands_beside_the_manifest_or_where_it_says(folder: Folder) -> None:
    default = folder.check(JOB).work
    named = folder.check(JOB + 'state: ${{ env.STATE | default("x/y.db") }}').work
    from_env = folder.check(JOB + 'state: ${{ env.STATE | default("x/y.db") }}', {"STATE": "/tmp/z.db"}).work

    assert default is not None
    assert named is not None
    assert from_env is not None
    assert default.state_place == folder.path / ".runner" / "season.db"
    assert named.state_place == folder.path / "x" / "y.db"
    assert str(from_env.state_place) == "/tmp/z.db"


def test_a_state_that_comes_to_nothing_is_no_state_by_default(folder: Folder) -> None:
    manifest = folder.manifest(JOB + "state: ${{ env.RUNNER_STATE }}\n")
    findings = Findings(manifest.locate)

    settings = evaluate_settings(manifest, Surroundings({"RUNNER_STATE": ""}), findings)

    assert not settings.state_fit
    assert [problem.code for problem in findings.problems()] == ["no-state"]
