"""Each operation of Rev's text and of its vendor's pages in its documented form, in JSON and in XML, success and every
documented error, on the sandbox."""

import hashlib
import time
from pathlib import Path
from typing import Any

import pytest
from contractclient import Client, used

from runner.api.catalogue import Catalogue
from runner.api.messages.encode import call_of
from runner.api.messages.judge import Verdict, judge
from runner.api.messages.reading import read_answer, read_item
from runner.api.openapi.parse import parse
from runner.api.provider import Use
from runner.api.vocabulary.lifedata import CallSpec, Resource
from runner.api.vocabulary.locate import Scope, find_all, holds, locate
from runner.model.http import Answer, Call
from runner.model.text import LocalFile

PATIENCE = 20.0
YOUTUBE = "http://www.youtube.com/watch?v=UF8uR6Z6KLc"
LINK = {"audio_length_seconds": 300, "external_link": "https://vimeo.com/7976699"}
INVENTORY = Path(__file__).parent / "inventory" / "rev.yaml"


def use(name: str) -> Use:
    return used(f"rev.{name}")


def resource(name: str) -> Resource:
    kind = use(name).kind
    assert isinstance(kind, Resource)
    return kind


def create(client: Client, operation: str, inputs: dict[str, Any]) -> Answer:
    """The answer to the create of a resource, whose form the inputs choose."""
    creates = [kind.create for kind in client.provider.resources.values() if kind.create]
    (spec,) = [one for one in creates if one.operation == operation]
    return client.send(call_of(client.provider, spec, Scope(), inputs))


def ai(*inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"automated_transcription_options": {"inputs": list(inputs or (LINK,))}, **more}


def ordered(client: Client, **more: Any) -> str:
    inputs = more if any(name.endswith("_options") for name in more) else ai(**more)
    answer = create(client, "createOrder", inputs)
    assert answer.status == 201
    return read_answer(use("order"), answer, inputs).id


def ended(client: Client, id: str) -> Answer:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = client.call("getOrder", {"ordernum": id})
        if read_answer(use("order"), answer, id=id).outcome != "running":
            return answer
    raise AssertionError(f"{id} did not end in {PATIENCE} s")


def verdict(name: str, answer: Answer) -> Verdict:
    return judge(answer, Catalogue().provider("rev").errors, resource(name).errors)


def sent(client: Client, tmp_path: Path, name: str, key: str, **more: str) -> Answer:
    file = tmp_path / name
    file.write_bytes(b"ID3" + bytes(100))
    held = LocalFile(str(file), hashlib.sha256(file.read_bytes()).hexdigest())
    return create(client, "createInput", {key: held, **more})


each_form = pytest.mark.parametrize("form", ["json", "xml"])


@each_form
def test_the_order_of_the_texts_sample_is_taken_with_every_field(rev: Client, form: str) -> None:
    media = create(rev, "createInput", {"url": rev.sandbox.media_url + "film.mp4"})
    uri = read_answer(use("input"), media).outputs["uri"]
    inputs = ai(
        {"audio_length_seconds": 60, "uri": uri},
        {"external_link": YOUTUBE},
        LINK,
        format=form,
        client_ref=f"XB432423 {form}",
        notification={
            "url": "http://www.clientsite.com/orderupdate",
            "level": "Detailed",
            "content_type": "FormUrlEncoded",
        },
        ponumber="SamplePoNumber01",
        workspace_id=123456789,
    )
    inputs["automated_transcription_options"]["inputs_language"] = "en"
    answer = create(rev, "createOrder", inputs)
    assert (answer.status, answer.body) == (201, None)
    id = read_answer(use("order"), answer, inputs).id
    assert answer.headers["location"].endswith(f"/api/v1/orders/{id}")
    row = next(row for row in rev.sandbox.ledger() if row["id"] == id)
    assert row["request"] == {name: value for name, value in inputs.items() if name != "format"}
    read = rev.call("getOrder", {"ordernum": id})
    assert (read.body["po_number"], read.body["client_ref"]) == ("SamplePoNumber01", f"XB432423 {form}")


@pytest.mark.parametrize(
    "options",
    [
        {
            "transcription_options": {
                "inputs": [{**LINK, "speakers": ["Ann"], "glossary": ["harbour"], "accents": ["British"]}],
                "output_file_formats": ["MS Word"],
                "verbatim": True,
                "timestamps": True,
            }
        },
        {
            "caption_options": {
                "inputs": [{"video_length_seconds": 61, "external_link": LINK["external_link"]}],
                "output_file_formats": ["SubRip"],
                "subtitle_languages": ["es"],
            },
            "non_standard_tat_guarantee": True,
        },
    ],
    ids=["transcription", "caption"],
)
@each_form
def test_the_other_services_are_ordered_with_every_field(
    rev: Client, options: dict[str, Any], form: str
) -> None:
    id = ordered(rev, **options, format=form)
    row = next(row for row in rev.sandbox.ledger() if row["id"] == id)
    assert row["request"] == options
    answer = ended(rev, id)
    rev.documented("getOrder", answer)
    assert read_answer(use("order"), answer, id=id).outcome == "ready"


def test_an_order_is_read_until_it_is_complete_with_its_price(rev: Client) -> None:
    id = ordered(rev)
    answer = ended(rev, id)
    rev.documented("getOrder", answer)
    reading = read_answer(use("order"), answer, id=id)
    assert (reading.id, reading.status, reading.outcome) == (id, "Complete", "ready")
    assert (reading.cost, reading.unit) == (1.25, "money")


XML = {"Accept": "application/xml"}


def test_every_answer_in_xml_is_the_same_as_in_json(rev: Client) -> None:
    id = ordered(rev, client_ref="in both forms")
    in_json = ended(rev, id)
    in_xml = rev.call("getOrder", {"ordernum": id}, **XML)
    assert in_xml.headers["content-type"].startswith("application/xml")
    assert in_xml.body == in_json.body
    calls: list[tuple[str, dict[str, Any]]] = [
        ("listOrders", {"clientRef": "in both forms"}),
        ("listOrders", {"clientRef": "of nobody"}),
        ("getAttachment", {"id": in_json.body["attachments"][0]["id"]}),
        ("listWorkspaces", {}),
    ]
    for operation, inputs in calls:
        assert rev.call(operation, inputs, **XML).body == rev.call(operation, inputs).body


def test_a_rehearsal_costs_nothing(rev: Client) -> None:
    id = ordered(rev, sandbox_mode=True)
    row = next(row for row in rev.sandbox.ledger() if row["id"] == id)
    assert row["cost"] == 0
    assert read_answer(use("order"), ended(rev, id), id=id).outcome == "ready"


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("Complete", "ready"),
        ("Completed", "ready"),
        ("COMPLETE", "ready"),
        ("Cancelled", "failed"),
        ("Canceled", "failed"),
        ("In Progress", "running"),
        ("Finding Transcriptionist", "running"),
        ("Something New", "running"),
    ],
)
def test_both_spellings_of_the_ends_are_known_and_all_else_goes_on(word: str, outcome: str) -> None:
    answer = Answer(200, {}, {"order_number": "TC1", "status": word})
    assert read_answer(use("order"), answer, id="TC1").outcome == outcome


def test_an_order_that_is_given_up_says_why(rev: Client) -> None:
    id = ordered(rev, **ai({**LINK, "external_link": "https://vimeo.com/fail"}))
    answer = ended(rev, id)
    rev.documented("getOrder", answer)
    reading = read_answer(use("order"), answer, id=id)
    assert (reading.status, reading.outcome) == ("Cancelled", "failed")
    assert reading.message


def test_orders_are_listed_newest_first_from_page_0_and_end_with_the_total(rev: Client) -> None:
    ids = [ordered(rev, client_ref="paged") for _ in range(3)]
    spec = rev.provider.lists["orders"]
    found: list[str] = []
    for page in (0, 1):
        answer = rev.call("listOrders", {"page": page, "pageSize": 2, "clientRef": "paged"})
        rev.documented("listOrders", answer)
        assert locate(spec.page.total, Scope(answer=answer)) == 3
        found += [locate(spec.id, Scope(item=item)) for item in find_all(spec.items, answer.body)]
    assert found == ids[::-1]
    past = rev.call("listOrders", {"page": 9, "clientRef": "paged"})
    assert (past.body["orders"], past.body["page"]) == ([], 9)


def test_exactly_the_asked_orders_are_listed_and_carry_their_mark(rev: Client) -> None:
    first, second, _ = [ordered(rev, client_ref=f"asked {number}") for number in range(3)]
    spec, find = rev.provider.lists["orders"], resource("order").delivery.find
    assert spec.ids is not None
    assert find is not None
    answer = rev.call("listOrders", {spec.ids[0]: [first, second]})
    assert {item["order_number"] for item in answer.body["orders"]} == {first, second}
    marked = rev.call("listOrders", {spec.mark: "asked 1"})
    (item,) = find_all(spec.items, marked.body)
    assert (locate(spec.id, Scope(item=item)), locate(find.mark, Scope(item=item))) == (second, "asked 1")
    assert locate(find.created, Scope(item=item))
    assert read_item(use("order"), second, item).id == second


def test_input_by_url_is_taken_in_json_and_in_xml(rev: Client) -> None:
    inputs = {"url": rev.sandbox.media_url + "a.mp4", "filename": "b.mp4", "content_type": "video/mp4"}
    for form in ("json", "xml"):
        answer = create(rev, "createInput", {**inputs, "format": form})
        assert (answer.status, answer.body) == (201, None)
        assert read_answer(use("input"), answer).id.startswith("urn:rev:inputmedia:")


@pytest.mark.parametrize("key", ["file", "body"])
def test_a_local_file_is_taken_as_a_part_and_as_it_is(rev: Client, tmp_path: Path, key: str) -> None:
    answer = sent(rev, tmp_path, "épisode 1.mp3", key)
    assert answer.status == 201
    uri = read_answer(use("input"), answer).outputs["uri"]
    read = ended(rev, ordered(rev, **ai({"uri": uri})))
    assert [item["name"] for item in read.body["attachments"] if item["kind"] == "media"] == ["épisode 1.mp3"]


def test_a_file_that_is_sent_as_it_is_can_have_another_name(rev: Client, tmp_path: Path) -> None:
    name = {"Content-Disposition": 'attachment; filename="other.mp3"'}
    uri = read_answer(use("input"), sent(rev, tmp_path, "a.mp3", "body", **name)).outputs["uri"]
    read = rev.call("getOrder", {"ordernum": ordered(rev, **ai({"uri": uri}))})
    assert read.body["attachments"][0]["name"] == "other.mp3"


def test_the_wrong_inputs_are_refused_with_the_documented_codes(rev: Client, tmp_path: Path) -> None:
    media = rev.sandbox.media_url
    answers = {
        "10001": sent(rev, tmp_path, "notes.txt", "file"),
        "10002": create(rev, "createInput", {"url": media + "a.broken"}),
        "10004": create(rev, "createInput", {"url": "https://cdn.test/"}),
        "10003": rev.send(
            Call(
                "POST",
                "/api/v1/inputs",
                (("Content-Type", "multipart/form-data; boundary=b"),),
                (b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n',),
            )
        ),
    }
    for code, answer in answers.items():
        found = verdict("input", answer)
        assert (found.meaning, found.code, answer.status) == ("refused", code, 400)
        assert found.help


@each_form
def test_every_file_of_a_transcript_is_had_by_its_ending(rev: Client, form: str) -> None:
    id = ordered(rev, client_ref=f"files {form}", format=form)
    read = ended(rev, id)
    download = resource("order").downloads["transcript"]
    (item,) = [
        item
        for item in find_all(download.each, read.body)
        if all(item[name] in allowed for name, allowed in download.where.items())
    ]
    spec = CallSpec(download.operation, download.send)
    for ending, media in download.accept.items():
        call = call_of(rev.provider, spec, Scope(item=item), headers=[("Accept", media)])
        answer = rev.send(call)
        assert answer.status == 200, ending
        assert answer.headers["content-type"].partition(";")[0] == media
        if ending == ".json":
            rev.documented("getAttachmentContent", answer)


def test_captions_are_had_in_their_formats(rev: Client) -> None:
    media = {"video_length_seconds": 9, "external_link": "https://vimeo.com/1"}
    read = ended(rev, ordered(rev, caption_options={"inputs": [media]}))
    download = resource("order").downloads["caption"]
    (item,) = [one for one in find_all(download.each, read.body) if one["kind"] in download.where["kind"]]
    for ending in (".srt", ".vtt", ".ttml", ".dfxp"):
        answer = rev.call("getAttachmentContent", {"id": item["id"]}, Accept=download.accept[ending])
        assert answer.status == 200, ending
    assert rev.call("getAttachmentContent", {"id": item["id"]}, Accept="text/plain").status == 406


def test_an_attachment_is_described_and_shared(rev: Client) -> None:
    read = ended(rev, ordered(rev))
    item = next(item for item in read.body["attachments"] if item["kind"] == "transcript")
    answer = rev.call("getAttachment", {"id": item["id"]})
    rev.documented("getAttachment", answer)
    assert answer.body == item
    shared = rev.call("shareAttachment", {"id": item["id"], "access_level": "Full"})
    rev.documented("shareAttachment", shared)
    assert read_answer(use("share_attachment"), shared).outputs["url"].startswith("http")
    wrong = rev.call("shareAttachment", {"id": item["id"], "access_level": "All"})
    assert (wrong.status, rev.verdict(wrong).meaning) == (400, "refused")


def test_an_order_cannot_be_cancelled_once_the_work_has_begun(rev: Client) -> None:
    id = ordered(rev)
    ended(rev, id)
    answer = rev.call("cancelOrder", {"order_num": id})
    assert (answer.status, answer.body, rev.verdict(answer).meaning) == (403, None, "refused")


def test_the_data_of_an_ended_order_are_deleted(rev: Client) -> None:
    id = ordered(rev)
    item = ended(rev, id).body["attachments"][0]
    answer = rev.call("deleteOrder", {"ordernum": id})
    rev.documented("deleteOrder", answer)
    read = rev.call("getOrder", {"ordernum": id})
    assert (read.status, read.body["attachments"]) == (200, [])
    assert rev.call("getAttachment", {"id": item["id"]}).status == 404


def test_workspaces_are_listed_for_subscribers(rev: Client) -> None:
    answer = rev.call("listWorkspaces")
    rev.documented("listWorkspaces", answer)
    assert 123456789 in [item["id"] for item in answer.body["workspaces"]]
    rev.sandbox.set_faults({"settings": {"subscription": False}})
    assert rev.call("listWorkspaces").status == 404


WRONG: dict[int, dict[str, Any]] = {
    10001: {"automated_transcription_options": {"inputs": []}},
    10002: ai({"uri": "urn:rev:inputmedia:nobody"}),
    10003: ai(caption_options={"inputs": [LINK]}),
    10004: {"client_ref": "no service"},
    10005: ai({**LINK, "uri": "urn:rev:inputmedia:1"}),
    10006: ai({"audio_length_seconds": 3}),
    10007: ai({**LINK, "external_link": "https://vimeo.com/a.broken"}),
    20001: ai({"external_link": "https://vimeo.com/1"}),
    20003: {"automated_transcription_options": {"inputs": [LINK], "inputs_language": "xx"}},
    20010: ai(client_ref="x" * 257),
    20050: ai(workspace_id=1),
    30010: ai(client_ref="refuse-30010"),
    30011: ai(client_ref="refuse-30011"),
    40010: ai(ponumber="x" * 65),
    40011: ai(client_ref="refuse-40011", ponumber="1"),
    40012: {
        "caption_options": {"inputs": [{"video_length_seconds": 1, "external_link": YOUTUBE}]},
        "ponumber": "1",
    },
    50000: ai(notification={"url": "no url"}),
    50002: ai(client_ref="refuse-50002"),
}


@pytest.mark.parametrize("code", sorted(WRONG))
@each_form
def test_a_documented_error_is_refused_with_a_sentence_of_help(rev: Client, code: int, form: str) -> None:
    before = len(rev.sandbox.ledger())
    answer = create(rev, "createOrder", {**WRONG[code], "format": form})
    assert answer.status == 400
    assert answer.headers["content-type"].startswith(f"application/{form}")
    found = verdict("order", answer)
    assert (found.meaning, found.code, found.out_of_credit) == ("refused", str(code), code == 30011)
    assert found.message
    assert found.help
    assert len(rev.sandbox.ledger()) == before


def test_no_error_of_the_text_is_left_out_and_the_same_number_means_another_thing_of_an_input() -> None:
    listed = parse(INVENTORY.read_text(encoding="utf-8"), "rev")["errors"]
    order, media = resource("order").errors, resource("input").errors
    assert order is not None
    assert media is not None
    assert set(WRONG) == set(listed)
    assert set(order.help) == {str(code) for code in listed}
    assert all(order.help[code] != media.help[code] for code in media.help)


@pytest.mark.parametrize("code", [30011, "30011"])
def test_out_of_credit_is_known_by_a_number_and_by_a_text(code: Any) -> None:
    answer = Answer(400, {}, {"code": code, "message": "no"})
    errors = resource("order").errors
    assert errors is not None
    assert holds(errors.out_of_credit, Scope(answer=answer))


def test_an_empty_balance_refuses_an_order(rev: Client) -> None:
    rev.sandbox.set_faults({"settings": {"balance": 1}})
    found = verdict("order", create(rev, "createOrder", ai()))
    rev.sandbox.set_faults({"settings": {"balance": 100_000}})
    assert (found.code, found.out_of_credit) == ("30011", True)


def test_a_notification_tells_the_order_and_its_mark() -> None:
    hook = resource("order").webhook
    assert hook is not None
    told = {"order_number": "TC1", "client_ref": "mark", "status": "Complete"}
    assert locate(hook.id, Scope(request=told)) == "TC1"
    assert locate(hook.mark, Scope(request=told)) == "mark"


CALLS: dict[str, dict[str, Any]] = {
    "createOrder": ai(),
    "listOrders": {},
    "getOrder": {"ordernum": "nobody"},
    "deleteOrder": {"ordernum": "nobody"},
    "cancelOrder": {"order_num": "nobody"},
    "createInput": {"url": "https://cdn.test/a.mp3"},
    "getAttachment": {"id": "nobody-1"},
    "getAttachmentContent": {"id": "nobody-1"},
    "shareAttachment": {"id": "nobody-1"},
    "listWorkspaces": {},
}
each_operation = pytest.mark.parametrize("operation", sorted(CALLS))


def test_no_operation_is_left_out_here() -> None:
    assert set(CALLS) == set(Catalogue().provider("rev").index)


@pytest.mark.parametrize(
    "operation",
    [name for name, inputs in CALLS.items() if {"nobody", "nobody-1"} & set(map(str, inputs.values()))],
)
def test_what_is_unknown_is_404_without_a_body(rev: Client, operation: str) -> None:
    answer = rev.call(operation, CALLS[operation])
    assert (answer.status, answer.body, rev.verdict(answer).meaning) == (404, None, "refused")
    assert "404" in rev.provider.operation(operation).responses


@each_operation
def test_wrong_keys_are_refused_everywhere_without_a_body(rev: Client, operation: str) -> None:
    rev.auth["user_key"] = "wrong"
    answer = rev.call(operation, CALLS[operation])
    found = rev.verdict(answer)
    assert (answer.status, answer.body, found.unauthorized) == (401, None, True)
    assert "401" in rev.provider.operation(operation).responses


@each_operation
def test_a_server_error_must_be_settled_and_not_now_is_safe_everywhere(rev: Client, operation: str) -> None:
    rule = {"match": {"provider": "rev", "operation": operation}, "times": 1}
    rev.sandbox.set_faults({"rules": [{**rule, "do": {"status": 500}}]})
    assert rev.verdict(rev.call(operation, CALLS[operation])).meaning == "ambiguous"
    rev.sandbox.set_faults({"rules": [{**rule, "do": {"retry_after": 7}}]})
    assert rev.verdict(rev.call(operation, CALLS[operation])).meaning == "safe"
