"""Where a manifest publishes: a folder, a bucket of S3, or a web server that takes PUT."""

import pytest
from folder import Folder

from runner.compile.instances.surroundings import SandboxOverrides
from runner.model.settings import PublishSettings

JOB = "jobs: {a: {uses: dubformer.voices}}\n"


def published(folder: Folder, text: str, **env: str) -> PublishSettings:
    work = folder.check(f"{JOB}publish: {text}\n", env).work
    assert work is not None
    assert work.publish is not None
    return work.publish


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ('{url: "s3://media/a/b"}', "https://media.s3.amazonaws.com/a/b/"),
        ('{url: "s3://media"}', "https://media.s3.amazonaws.com/"),
        ('{url: "s3://media/a/", region: eu-central-1}', "https://media.s3.eu-central-1.amazonaws.com/a/"),
        ('{url: "s3://media/a", endpoint: "https://s3.example.com/"}', "https://s3.example.com/media/a/"),
    ],
)
def test_files_of_a_bucket_have_an_address_that_nobody_need_be_asked_for(folder, text, address) -> None:
    assert published(folder, text).base_url == address


def test_a_link_lasts_seven_days_unless_it_is_said(folder: Folder) -> None:
    usual = published(folder, '{url: "s3://media"}').bucket
    own = published(folder, '{url: "s3://${{ env.BUCKET }}/x", expires: 12h}', BUCKET="media").bucket

    assert usual is not None
    assert own is not None
    assert (usual.expires, own.expires) == (7 * 86400, 43200)
    assert (own.name, own.prefix) == ("media", "x/")


def test_files_are_read_where_they_are_put_unless_it_is_said(folder: Folder) -> None:
    usual = published(folder, '{put: "https://up.example.com/in"}')
    own = published(folder, '{put: "https://up.example.com/in/", base_url: "https://cdn.example.com"}')

    assert usual.base_url == "https://up.example.com/in/"
    assert own.base_url == "https://cdn.example.com/"
    assert own.web is not None
    assert own.web.url == "https://up.example.com/in/"


def test_the_credentials_of_a_put_are_a_secret(folder: Folder) -> None:
    made = published(folder, '{put: "https://x.example/", auth: "Bearer ${{ env.UP }}"}', UP="canary")

    assert made.web is not None
    assert str.__str__(made.web.auth) == "Bearer canary"
    assert "canary" not in repr(made)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{url: "s3://media", expires: 8d}', "a signed link lasts from 1s to 7d — write one like 2d"),
        ('{url: "s3://media", expires: 200ms}', "a signed link lasts from 1s to 7d — write one like 2d"),
        ('{url: "s3://M_edia"}', "this is no bucket of S3 — write one like s3://bucket/prefix, of letters, "
         "digits, dots, hyphens and underscores"),
    ],
)  # fmt: skip
def test_what_no_bucket_can_be_is_told(folder: Folder, text: str, problem: str) -> None:
    assert folder.problems(f"{JOB}publish: {text}\n") == [problem]


def test_a_sandbox_stands_in_for_each_and_needs_no_variable(folder: Folder) -> None:
    sandbox = SandboxOverrides({}, {"dubformer": "http://127.0.0.1:1/d"}, "http://127.0.0.1:1/files/")

    for text in ('{url: "${{ env.NONE }}"}', '{put: "${{ env.NONE }}", auth: "${{ env.NONE }}"}'):
        work = folder.check(f"{JOB}publish: {text}\n", sandbox=sandbox).work
        assert work is not None
        assert work.publish == PublishSettings(folder.path / "published", "http://127.0.0.1:1/files/")
