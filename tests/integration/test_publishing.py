"""Files published into a bucket of S3 and to a web server, by whole runs at addresses of the manifest's own."""

import hashlib
import json
import sys
import uuid
from collections.abc import Callable

import pytest
from applying import Ended, Stage, captured
from buckets import KEYS, put_server, s3_client, s3_server
from seasons import HEAD, REVOICE, SCRIPT_AND_BATCH

from runner.compile.checks.check import check_file
from runner.compile.instances.surroundings import Surroundings
from runner.engine.run import open_session
from runner.engine.running.desk import RunOptions
from runner.model.progress import RunResult
from runner.workbook.made import IN_MEMORY

SEASON = f"{HEAD}publish: PUBLISH\nproviders:\n{REVOICE}jobs:\n{SCRIPT_AND_BATCH}"
SPEED = 500.0
PAID = {"batch e1": 1, "batch e2": 1}


@pytest.fixture
def season(stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Stage]:
    """Makes a season that publishes as it is told; the environment leads to its sandbox."""

    def made(publish: str) -> Stage:
        at = stage(SEASON.replace("PUBLISH", publish), speed=SPEED)
        credentials = at.sandbox.credentials["revoice"]
        monkeypatch.setenv("REVOICE_URL", at.sandbox.base_urls["revoice"])
        monkeypatch.setenv("REVOICE_ID", credentials["client_id"])
        monkeypatch.setenv("REVOICE_SECRET", credentials["client_secret"])
        return at

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def bucket() -> str:
    """A bucket that nobody else uses."""
    name = f"media-{uuid.uuid4().hex}"
    s3_client().create_bucket(Bucket=name)
    return name


def in_bucket(bucket: str, more: str = "") -> str:
    return f'{{url: "s3://{bucket}/season/one", endpoint: "{s3_server()}"{more}}}'


def apply(season: Stage) -> RunResult:
    """Plan and apply as the command does, with an engine whose polls are faster."""
    import os

    work, problems = check_file(season.file, {}, Surroundings(os.environ))
    assert work is not None, [str(problem) for problem in problems]
    with open_session(work, RunOptions(speed=SPEED)) as session:
        return session.apply(session.plan(), lambda progress: None)


def command(season: Stage, *words: str) -> Ended:
    return captured([*words, "-f", str(season.file)])


def written(season: Stage) -> bytes:
    """All that stands beside the manifest, the sandbox's own state apart."""
    own = season.folder / ".runner" / "season.sandbox"
    files = (file for file in season.folder.rglob("*") if file.is_file() and not file.is_relative_to(own))
    return b"".join(file.read_bytes() for file in files)


def stored(bucket: str) -> dict[str, object]:
    """Key → when it was written."""
    listed = s3_client().list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"]: one["LastModified"] for one in listed}


def test_workbooks_reach_the_api_by_signed_links_into_a_bucket(season, bucket: str) -> None:
    at = season(in_bucket(bucket))

    result = apply(at)

    assert result.troubles == ()
    assert at.paid() == PAID
    keys = sorted(stored(bucket))
    assert len(keys) >= 3  # two scripts, and what lists them
    assert all(key.startswith("season/one/") for key in keys)
    requests = [row["request"] for row in at.sandbox.ledger()]
    assert all("X-Amz-Expires=604800" in request["scriptPath"] for request in requests), requests
    again = command(at, "plan")
    assert again.out.startswith("Nothing to do"), again.all


def test_no_signature_and_no_key_stands_in_a_plan_the_journal_or_any_output(season, bucket: str) -> None:
    at = season(in_bucket(bucket, ", expires: 1h"))

    told = [command(at, "plan", "--json", "--out", str(at.folder / "plan.json"))]
    result = apply(at)
    told += [command(at, "status", "--json"), command(at, "show", "batch/e1", "--json")]
    told += [command(at, "history"), command(at, "outputs", "--json"), command(at, "refresh", "--json")]

    assert result.troubles == ()
    assert json.loads(told[0].out)
    everything = written(at) + "".join(ended.all for ended in told).encode()
    assert f"{s3_server()}/{bucket}/season/one/".encode() in everything
    found = [word for word in ("X-Amz", "Signature=", *KEYS.values()) if word.encode() in everything]
    assert found == []


def test_a_row_whose_answer_is_lost_is_not_sent_twice_for_its_other_signature(season, bucket: str) -> None:
    at = season(in_bucket(bucket))
    at.faults({"match": {"operation": "createBulk"}, "times": 1, "do": {"drop": "after"}})

    result = apply(at)

    assert result.troubles == ()
    assert at.paid() == PAID


def test_what_stands_in_the_bucket_is_not_uploaded_again(season, bucket: str) -> None:
    at = season(in_bucket(bucket))
    at.change("  batch:", "  batch:\n    if: false")
    apply(at)
    before = stored(bucket)
    for file in (at.folder / ".runner").glob("season.db*"):
        file.unlink()

    result = apply(at)

    assert result.troubles == ()
    assert len(before) == 2
    assert stored(bucket) == before


def test_a_bucket_that_is_not_there_is_told_before_anything_is_paid(season) -> None:
    at = season(in_bucket("nobody-has-this-one"))

    result = apply(at)

    assert at.paid() == {}
    assert "s3://nobody-has-this-one answers NoSuchBucket" in result.troubles[0].reason


def test_missing_credentials_are_a_problem_of_apply_alone(season, bucket: str, monkeypatch) -> None:
    at = season(in_bucket(bucket))
    for name in KEYS:
        monkeypatch.delenv(name)

    validated, planned, result = command(at, "validate"), command(at, "plan"), apply(at)

    assert (validated.code, planned.code) == (0, 0), validated.all + planned.all
    assert at.paid() == {}
    assert f"no credentials for s3://{bucket} were found; set AWS_ACCESS_KEY_ID" in result.troubles[0].reason


def test_a_missing_boto3_is_a_problem_of_apply_alone(season, bucket: str, monkeypatch) -> None:
    at = season(in_bucket(bucket))
    monkeypatch.setitem(sys.modules, "boto3", None)

    validated, planned, result = command(at, "validate"), command(at, "plan"), apply(at)

    assert (validated.code, planned.code) == (0, 0), validated.all + planned.all
    assert at.paid() == {}
    assert "pip install 'runner[s3]'" in result.troubles[0].reason


def test_the_sandbox_stands_in_for_a_bucket(season, bucket: str) -> None:
    at = season(in_bucket(bucket))

    ended = at.apply()

    assert ended.code == 0, ended.all
    assert at.paid() == PAID
    assert stored(bucket) == {}


def test_files_are_put_to_a_web_server_with_its_credentials(season, monkeypatch) -> None:
    monkeypatch.setenv("UPLOAD_TOKEN", "canary-upload")
    with put_server(auth="Bearer canary-upload") as server:
        server.broken = 1
        at = season(f'{{put: "{server.url}/in/", auth: "Bearer ${{{{ env.UPLOAD_TOKEN }}}}"}}')

        result = apply(at)
        told = [command(at, "plan", "--json"), command(at, "show", "batch/e1", "--json")]

        assert result.troubles == ()
        assert at.paid() == PAID
        assert len(server.files) >= 3
        assert all(name.startswith("/in/") for name in server.files)
    assert b"canary-upload" not in written(at) + "".join(ended.all for ended in told).encode()


def test_what_stands_on_the_web_server_is_not_put_again(season) -> None:
    with put_server() as server:
        at = season(f'{{put: "{server.url}/in"}}')
        at.change("  batch:", "  batch:\n    if: false")
        apply(at)
        for file in (at.folder / ".runner").glob("season.db*"):
            file.unlink()

        result = apply(at)

        assert result.troubles == ()
        assert server.asked.count("PUT") == 2


def test_a_web_server_that_refuses_the_credentials_is_told_without_them(season, monkeypatch) -> None:
    monkeypatch.setenv("UPLOAD_TOKEN", "canary-wrong")
    with put_server(auth="Bearer right") as server:
        at = season(f'{{put: "{server.url}/in", auth: "Bearer ${{{{ env.UPLOAD_TOKEN }}}}"}}')

        ended = command(at, "apply", "--auto-approve")

    assert ended.code != 0
    assert at.paid() == {}
    assert "answers 401 to a PUT; is publish.auth right?" in ended.all
    assert "canary-wrong" not in ended.all


def test_files_that_cannot_be_read_where_base_url_says_are_found_before_anything_is_paid(season) -> None:
    with put_server() as server:
        at = season(f'{{put: "{server.url}/in", base_url: "{server.url}/elsewhere/"}}')

        result = apply(at)

    assert at.paid() == {}
    assert "is publish.base_url where the files of publish.put are read?" in result.troubles[0].reason


@pytest.mark.parametrize("broken", [0, 1])
def test_a_workbook_that_is_not_held_in_memory_reaches_a_web_server_as_it_was_digested(
    season, broken: int
) -> None:
    with put_server() as server:
        server.broken = broken
        at = long_script(season(f'{{put: "{server.url}/in"}}'))

        result = apply(at)

        held = {name.rsplit("/", 1)[1]: content for name, content in server.files.items()}
    assert result.troubles == ()
    assert max(map(len, held.values())) > IN_MEMORY
    assert all(hashlib.sha256(content).hexdigest()[:12] in name for name, content in held.items())


def test_a_workbook_that_is_not_held_in_memory_reaches_a_bucket_as_it_was_digested(
    season, bucket: str
) -> None:
    at = long_script(season(in_bucket(bucket)))

    result = apply(at)

    assert result.troubles == ()
    client = s3_client()
    held = {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in stored(bucket)}
    assert max(map(len, held.values())) > IN_MEMORY
    assert all(hashlib.sha256(content).hexdigest()[:12] in key for key, content in held.items())


def long_script(at: Stage) -> Stage:
    """Scripts that are too long to be held in memory; they are published, and nothing else is done."""
    at.write(
        "lines.csv", "ID,Text_FR-FR\n" + "".join(f"{number},{'Bonjour ' * 3000}\n" for number in range(60))
    )
    at.change("data: {", "data: {lines: {file: lines.csv}, ")
    at.change('rows: [{ID: "${{ each.id }}", "Text_FR-FR": "Bonjour"}]', "rows: ${{ data.lines }}")
    at.change("  batch:", "  batch:\n    if: false")
    return at
