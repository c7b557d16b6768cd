import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.api.catalogue import Catalogue
from runner.api.messages.encode import call_of, encode, put
from runner.api.provider import Provider, Use
from runner.api.vocabulary.lifedata import CallSpec
from runner.api.vocabulary.locate import Scope
from runner.model.errors import RunnerError
from runner.model.http import Upload
from runner.model.text import FileText, LocalFile, PublishedUrl, Secret
from runner.model.unknown import Unknown

Make = Callable[..., Provider]

THINGS = """
paths:
  /things/{id}:
    put:
      operationId: things
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
        - {name: token, in: query, required: true, schema: {type: string}}
        - {name: X-Trace, in: header, schema: {type: string}}
        - {name: seen, in: cookie, schema: {type: boolean}}
      requestBody:
        content:
          application/json: {schema: {type: object, properties: {name: {type: string}, size: {type: number}}}}
          application/x-www-form-urlencoded: {schema: {type: object, properties: {name: {type: string}}}}
  /upload:
    post:
      operationId: upload
      requestBody:
        content:
          multipart/form-data:
            schema: {type: object, properties: {label: {type: string}, file: {type: string, format: binary}}}
  /raw:
    put: {operationId: raw, requestBody: {required: true, content: {application/octet-stream: {}}}}
  /list:
    post: {operationId: list, requestBody: {content: {application/json: {schema: {type: array}}}}}
  /nothing:
    post: {operationId: nothing}
  /zip:
    get: {operationId: zip, responses: {200: {description: ok, content: {application/zip: {}}}}}
"""


def use(name: str) -> Use:
    found = Catalogue().use(name)
    assert found is not None
    return found


def local(tmp_path: Path, content: bytes = b"RIFF....", name: str = "line 1.wav") -> LocalFile:
    file = tmp_path / name
    file.write_bytes(content)
    return LocalFile(str(file), hashlib.sha256(content).hexdigest())


def test_a_create_of_the_original_text_is_encoded_as_its_example() -> None:
    inputs = {
        "name": "My project",
        "source_lang": "en",
        "target_lang": "fr-FR",
        "source_video_url": "https://example.com/video.mp4",
        "use_soundalike_voices": True,
        "mixing_mode": "voiceover_with_original_track",
    }
    call = encode(use("dubformer.project").operation, inputs, headers=[("Idempotency-Key", "k1")])
    assert (call.method, call.path, call.repeatable) == ("POST", "/api/v1/projects", False)
    assert dict(call.headers) == {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Idempotency-Key": "k1",
    }
    assert call.content() == (
        b'{"name":"My project","source_lang":"en","target_lang":"fr-FR",'
        b'"source_video_url":"https://example.com/video.mp4","use_soundalike_voices":true,'
        b'"mixing_mode":"voiceover_with_original_track"}'
    )


def test_every_place_gets_its_inputs_and_the_body_only_its_own(acme: Make) -> None:
    inputs = {"id": "a/b ç", "tag": ["x", "y&z"], "token": "t+1", "X-Trace": "abc", "seen": True, "name": "n"}
    call = encode(acme(THINGS).operation("things"), inputs)
    assert call.path == "/things/a%2Fb%20%C3%A7?tag=x&tag=y%26z&token=t%2B1"
    assert ("X-Trace", "abc") in call.headers
    assert ("Cookie", "seen=true") in call.headers
    assert call.content() == b'{"name":"n"}'
    assert call.repeatable


def test_nulls_are_left_out_of_every_mapping(acme: Make) -> None:
    inputs = {"id": "1", "token": "t", "tag": None, "name": {"a": None, "b": [{"c": None}, None]}}
    call = encode(acme(THINGS).operation("things"), inputs)
    assert call.path == "/things/1?token=t"
    assert call.content() == b'{"name":{"b":[{},null]}}'


def test_special_texts_are_written_as_their_text(acme: Make) -> None:
    inputs = {
        "id": Secret("7", "env.ID"),
        "token": Secret("s3", "env.T"),
        "name": FileText("é\n", "f.txt"),
        "size": [PublishedUrl("https://x/a", "0")],
    }
    call = encode(acme(THINGS).operation("things"), inputs)
    assert call.path == "/things/7?token=s3"
    assert call.content() == '{"name":"é\\n","size":["https://x/a"]}'.encode()
    assert type(call.path) is str


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"token": "t"}, "`id` is missing"),
        ({"id": "1"}, "`token` is missing"),
        ({"id": "", "token": "t"}, "`id` cannot be ''"),
        ({"id": "..", "token": "t"}, "`id` cannot be '..'"),
        ({"id": "1", "token": "t", "X-Trace": "a\r\nb: c"}, "`X-Trace` must be plain ASCII"),
        ({"id": "1", "token": "t", "X-Trace": "é"}, "`X-Trace` must be plain ASCII"),
        ({"id": "1", "token": "t", "size": float("nan")}, "`size` is no finite number"),
        (
            {"id": "1", "token": "t", "size": {"deep": [{1, 2}]}},
            "`size.deep[0]` cannot be written: it is a set",
        ),
        ({"id": "1", "token": "t", "name": "\ud800"}, "`name` holds half a character"),
        (
            {"id": "1", "token": "t", "name": [Unknown("jobs.a.outputs.id")]},
            "`name[0]` is not known yet: jobs.a",
        ),
        ({"id": "1", "token": "t", "name": LocalFile("/x", "0")}, "`name` is a file"),
    ],
)
def test_an_input_that_cannot_be_written_is_named(acme: Make, inputs: dict[str, Any], named: str) -> None:
    with pytest.raises(RunnerError) as caught:
        encode(acme(THINGS).operation("things"), inputs)
    assert named in caught.value.message


def test_an_input_for_which_there_is_no_place_is_named(acme: Make) -> None:
    with pytest.raises(RunnerError, match="`x` is no input"):
        encode(acme(THINGS).operation("nothing"), {"x": 1})


def test_a_form_is_written_where_it_is_asked_for(acme: Make) -> None:
    call = encode(
        acme(THINGS).operation("things"),
        {"id": "1", "token": "t", "name": ["a b", "c&d"]},
        media="application/x-www-form-urlencoded",
    )
    assert call.content() == b"name=a%20b&name=c%26d"


def test_a_list_as_a_body_is_the_input_body(acme: Make) -> None:
    assert encode(acme(THINGS).operation("list"), {"body": [1, {"a": None}]}).content() == b"[1,{}]"


def test_a_call_without_a_body_has_none(acme: Make) -> None:
    call = encode(acme(THINGS).operation("nothing"), {})
    assert call.body == ()
    assert "Content-Type" not in dict(call.headers)


def test_an_answer_that_is_no_json_is_asked_for_by_its_own_type(acme: Make) -> None:
    assert dict(encode(acme(THINGS).operation("zip"), {}).headers)["Accept"] == "application/zip"


def test_a_file_in_a_multipart_body_is_streamed_between_its_headers(acme: Make, tmp_path: Path) -> None:
    file = local(tmp_path)
    call = encode(acme(THINGS).operation("upload"), {"label": "line", "file": file})
    boundary = dict(call.headers)["Content-Type"].partition("boundary=")[2]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="label"\r\n\r\nline\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="line 1.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    tail = f"\r\n--{boundary}--\r\n"
    assert call.body == (head.encode(), Upload(str(file), 8, file.sha256), tail.encode())


def test_the_same_multipart_inputs_are_the_same_bytes_and_others_are_not(acme: Make, tmp_path: Path) -> None:
    operation = acme(THINGS).operation("upload")
    once = encode(operation, {"label": "a", "file": local(tmp_path)})
    again = encode(operation, {"label": "a", "file": local(tmp_path)})
    other = encode(operation, {"label": "a", "file": local(tmp_path, b"RIFF...!")})
    assert once == again
    assert once.headers != other.headers


def test_a_path_that_is_no_file_is_never_sent_as_a_text(acme: Make, tmp_path: Path) -> None:
    operation = acme(THINGS).operation("upload")
    with pytest.raises(RunnerError, match="`file` takes a local file"):
        encode(operation, {"file": "line.wav"})
    with pytest.raises(RunnerError, match="`file` is a file that cannot be read"):
        encode(operation, {"file": LocalFile(str(tmp_path / "none"), "0")})
    with pytest.raises(RunnerError, match="`body` cannot be written"):
        encode(acme(THINGS).operation("raw"), {"body": "line.wav"})


def test_a_body_that_is_one_file_is_streamed(acme: Make, tmp_path: Path) -> None:
    file = local(tmp_path)
    call = encode(acme(THINGS).operation("raw"), {"body": file})
    assert call.body == (Upload(str(file), 8, file.sha256),)


def test_a_read_of_the_document_is_filled_with_the_id() -> None:
    batch = use("revoice.batch")
    assert batch.kind.read is not None  # type: ignore[union-attr]
    call = call_of(batch.provider, batch.kind.read, Scope(id="b 1"))  # type: ignore[union-attr]
    assert (call.method, call.path) == ("GET", "/batches/b%201")


def test_a_delete_takes_one_id_or_many() -> None:
    batch = use("revoice.batch")
    delete = CallSpec("deleteBatches", {"/batchIds/0": "$id"}, many="/batchIds")
    assert call_of(batch.provider, delete, Scope(id="a")).content() == b'{"batchIds":["a"]}'
    assert call_of(batch.provider, delete, Scope(), ids=["a", "b"]).content() == b'{"batchIds":["a","b"]}'


def test_what_a_call_cannot_do_without_must_be_known() -> None:
    batch = use("revoice.batch")
    with pytest.raises(RunnerError, match=r"needs \$id, which is not known"):
        call_of(batch.provider, CallSpec("getBatch", {"batchId": "$id"}), Scope())


def test_an_input_that_the_user_left_out_stays_left_out() -> None:
    provider = Catalogue().provider("revoice")
    spec = CallSpec("listProjects", {"type": "$request.body#/type"})
    assert call_of(provider, spec, Scope()).path == "/projects"
    assert (
        call_of(provider, spec, Scope(request={"type": "media-dubbing"})).path
        == "/projects?type=media-dubbing"
    )


def test_a_constant_is_sent_and_the_caller_may_call_it_repeatable() -> None:
    provider = Catalogue().provider("revoice")
    call = call_of(provider, CallSpec("createToken", {"/clientId": ["a"]}), Scope(), repeatable=True)
    assert call.content() == b'{"clientId":"a"}'
    assert call.repeatable


def test_the_inputs_of_the_caller_are_left_as_they_were() -> None:
    provider = Catalogue().provider("revoice")
    inputs = {"batchIds": ["a"]}
    call_of(provider, CallSpec("deleteBatches", {"/batchIds/1": ["b"]}), Scope(), inputs)
    assert inputs == {"batchIds": ["a"]}


def test_the_form_whose_needs_are_met_is_chosen(acme: Make) -> None:
    media = {"application/json": (), "application/x-www-form-urlencoded": ("name=form",)}
    spec = CallSpec("things", media=media)
    provider = acme(THINGS)
    inputs = {"id": "1", "token": "t", "name": "form"}
    assert call_of(provider, spec, Scope(), inputs).content() == b"name=form"
    assert call_of(provider, spec, Scope(), {**inputs, "name": "json"}).content() == b'{"name":"json"}'


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a", {}, {"a": 1}),
        ("/a", {"a": 0}, {"a": 1}),
        ("/a/b", {}, {"a": {"b": 1}}),
        ("/a/b", {"a": {"c": 2}}, {"a": {"c": 2, "b": 1}}),
        ("/a/0", {}, {"a": [1]}),
        ("/a/-", {"a": [0]}, {"a": [0, 1]}),
        ("/a/0/b", {"a": [{"c": 2}]}, {"a": [{"c": 2, "b": 1}]}),
        ("/a~1b", {}, {"a/b": 1}),
    ],
)
def test_a_pointer_makes_its_way(name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    put(before, name, 1)
    assert before == after
