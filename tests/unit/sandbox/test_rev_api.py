"""The emulated Rev, asked over real HTTP as a stranger would."""

import io
import json
import zipfile
from contextlib import ExitStack
from xml.etree import ElementTree

import httpx
import pytest

LINK = {"audio_length_seconds": 300, "external_link": "https://vimeo.com/7976699"}
XML = {"Accept": "application/xml"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.fixture
def rev():
    """Makes clients of Rev that end with the test."""
    with ExitStack() as stack:

        def _client(sandbox):
            keys = sandbox.credentials["rev"]
            headers = {"Authorization": f"Rev {keys['client_key']}:{keys['user_key']}"}
            url = sandbox.base_urls["rev"] + "/api/v1"
            return stack.enter_context(
                httpx.Client(base_url=url, headers=headers, trust_env=False, verify=False)
            )

        yield _client


def ai(*inputs, **more):
    return {"automated_transcription_options": {"inputs": list(inputs or (LINK,))}, **more}


def ordered(client, body=None, **more):
    answer = client.post("/orders", json=body or ai(**more))
    assert (answer.status_code, answer.content) == (201, b"")
    return answer.headers["Location"].rpartition("/")[2]


def ended(client, id, word="Complete"):
    return (answer := client.get(f"/orders/{id}").json())["status"] == word and answer


def transcript(client, until, **more):
    id = ordered(client, **more)
    body = until(lambda: ended(client, id))
    return f"/attachments/{body['attachments'][-1]['id']}/content"


def test_a_running_order_has_its_media_alone_and_can_be_cancelled_for_its_price(start, rev):
    sandbox = start(speed=1.0)
    client = rev(sandbox)
    id = ordered(client)
    body = client.get(f"/orders/{id}").json()
    assert (body["status"], [item["kind"] for item in body["attachments"]]) == ("In Progress", ["media"])
    assert client.post(f"/orders/{id}/cancel").status_code == 204
    assert client.get(f"/orders/{id}").json()["status"] == "Cancelled"
    assert client.post(f"/orders/{id}/cancel").status_code == 403
    assert sandbox.world()["facts"]["rev.balance"] == 10_000


def test_a_running_order_keeps_its_data(start, rev):
    client = rev(start(speed=1.0))
    answer = client.delete(f"/orders/{ordered(client)}")
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("transcription_options", "Finding Transcriptionist"),
        ("caption_options", "Finding Captioner"),
    ],
)
def test_people_are_looked_for_first(start, rev, options, words):
    client = rev(start(speed=1.0))
    length = "video_length_seconds" if options == "caption_options" else "audio_length_seconds"
    id = ordered(client, {options: {"inputs": [{length: 60, "external_link": "https://vimeo.com/1"}]}})
    assert client.get(f"/orders/{id}").json()["status"] == words
    assert id.startswith("CP" if options == "caption_options" else "TC")


def test_a_complete_order_and_the_ledger_agree_on_the_price_of_started_minutes(shared, rev, until):
    client = rev(shared)
    id = ordered(client, ai({**LINK, "audio_length_seconds": 61}, client_ref="two minutes"))
    body = until(lambda: ended(client, id))
    (row,) = [row for row in shared.ledger() if row["id"] == id]
    assert (body["price"], row["cost"], row["name"]) == (0.5, 0.5, "two minutes")
    assert body["delivered_on"] > body["placed_on"]


def test_an_order_survives_a_restart(start, rev, tmp_path):
    from runner.sandbox.serve import SandboxSettings, running

    with running(SandboxSettings(tmp_path / "again", speed=1.0)) as sandbox:
        id = ordered(rev(sandbox), client_ref="kept")
    again = rev(start(folder=tmp_path / "again", files=None))
    assert again.get(f"/orders/{id}").json()["client_ref"] == "kept"


def test_the_texts_own_xml_is_taken(shared, rev):
    body = """<order_request>
        <!-- Optional -->
        <client_ref>XB432423</client_ref>
        <automated_transcription_options><inputs>
            <input><external_link>http://www.youtube.com/watch?v=UF8uR6Z6KLc</external_link></input>
            <input><audio_length_seconds>300</audio_length_seconds>
                <external_link>https://vimeo.com/7976699</external_link></input>
        </inputs><inputs_language>en</inputs_language></automated_transcription_options>
        <notification><url>http://www.clientsite.com/orderupdate</url><level>Detailed</level></notification>
        <workspace_id>123456789</workspace_id>
    </order_request>"""
    client = rev(shared)
    answer = client.post("/orders", content=body, headers={"Content-Type": "application/xml"})
    assert answer.status_code == 201
    request = shared.ledger()[-1]["request"]
    assert request["workspace_id"] == 123456789
    assert request["automated_transcription_options"]["inputs"][1] == LINK


BAD_XML = [
    b"<order_request>",
    b"<other/>",
    b'<!DOCTYPE a [<!ENTITY x "y">]><order_request>&x;</order_request>',
    b"\xff\xfe",
    b"",
]


@pytest.mark.parametrize("body", BAD_XML)
@pytest.mark.parametrize("media", ["application/xml", "application/json", "text/plain"])
def test_what_cannot_be_read_is_50000_in_the_form_that_was_asked_for(shared, rev, body, media):
    answer = rev(shared).post("/orders", content=body, headers={"Content-Type": media, **XML})
    assert answer.status_code == 400
    root = ElementTree.fromstring(answer.content)
    assert (root.tag, root.findtext("code")) == ("error", "50000")


WRONG = [
    ({"automated_transcription_options": []}, 50000),
    ({"automated_transcription_options": {"inputs": {}}}, 50000),
    (ai("text"), 50000),
    (ai({**LINK, "audio_length_seconds": 1.5}), 20001),
    (ai({**LINK, "audio_length_seconds": 0}), 20001),
    (ai({**LINK, "audio_length_seconds": 10**400}), 20001),
    ({"automated_transcription_options": {"inputs": [LINK], "inputs_language": []}}, 50000),
    (ai({"uri": 7}), 10002),
    (ai({"external_link": 7}), 10007),
    (ai(client_ref=7), 50000),
    (ai(nonsense=1), 50000),
    (ai(notification={"level": "Detailed"}), 50000),
    (ai(sandbox_mode="yes"), 50000),
    ([], 50000),
]


@pytest.mark.parametrize(("body", "code"), WRONG)
def test_odd_orders_are_refused_and_never_break_the_sandbox(shared, rev, body, code):
    answer = rev(shared).post("/orders", json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize("query", [{"page": -1}, {"page": "x"}, {"pageSize": 0}, {"pageSize": "9" * 30}])
def test_odd_pages_are_refused(shared, rev, query):
    assert rev(shared).get("/orders", params=query).status_code == 400


def test_a_page_holds_at_most_a_hundred(shared, rev):
    assert rev(shared).get("/orders", params={"pageSize": 5000}).json()["results_per_page"] == 100


def test_lists_lag_and_are_capped_as_faults_say(start, rev):
    sandbox = start(speed=1.0)
    client = rev(sandbox)
    ids = [ordered(client) for _ in range(3)]
    sandbox.set_faults({"settings": {"lists": {"cap": 2}}})
    assert [item["order_number"] for item in client.get("/orders").json()["orders"]] == ids[:0:-1]
    sandbox.set_faults({"settings": {"lists": {"lag": 1000}}})
    assert client.get("/orders").json()["total_count"] == 0


def test_the_same_media_say_the_same_in_every_format(shared, rev, until):
    client = rev(shared)
    path = transcript(client, until)

    def had(media):
        answer = client.get(path, headers={"Accept": media})
        assert answer.headers["content-type"].startswith(media)
        return answer

    first = "Speaker 1 (00:00:00):\n"
    plain = had("text/plain").text
    assert plain.startswith(first)
    line = plain.removeprefix(first).partition("\n")[0]
    assert had("application/x-subrip").text.startswith(f"1\n00:00:00,000 --> 00:00:03,500\n{line}\n")
    held = json.loads(had("application/json+rev-transcript").content)
    assert held["monologues"][0]["elements"][0]["value"] == line
    with zipfile.ZipFile(io.BytesIO(had(DOCX).content)) as archive:
        assert line in archive.read("word/document.xml").decode()
        assert all(ElementTree.fromstring(archive.read(name)) is not None for name in archive.namelist())
    paper = had("application/pdf").content
    assert line.encode() in paper
    at = int(paper.rpartition(b"startxref\n")[2].split()[0])
    assert paper[at:].startswith(b"xref")


ACCEPTS = [
    ("text/plain;q=0.1, application/x-subrip", "application/x-subrip"),
    ("text/vtt, text/*", "text/plain"),
    ("*/*", DOCX),
    ("text/plain; format=youtube-transcript", "text/plain; format=youtube-transcript"),
    ("application/pdf;q=0, text/plain;q=x", "text/plain"),
]


@pytest.mark.parametrize(("accept", "media"), ACCEPTS)
def test_accept_picks_the_format(shared, rev, until, accept, media):
    client = rev(shared)
    answer = client.get(transcript(client, until), headers={"Accept": accept})
    assert answer.headers["content-type"].partition("; charset")[0] == media


def test_an_extension_picks_the_format_whatever_is_accepted(shared, rev, until):
    client = rev(shared)
    path = transcript(client, until)
    assert client.get(f"{path}.srt", headers={"Accept": "text/plain"}).text.startswith("1\n")
    assert client.get(f"{path}.vtt").status_code == 406
    assert client.get(f"{path}.nonsense").status_code == 406


def test_people_give_no_subrip_and_another_language_is_named(shared, rev, until):
    client = rev(shared)
    id = ordered(client, {"transcription_options": {"inputs": [LINK]}})
    body = until(lambda: ended(client, id))
    path = f"/attachments/{body['attachments'][-1]['id']}/content"
    assert client.get(path, headers={"Accept": "application/x-subrip"}).status_code == 406
    spoken = {"automated_transcription_options": {"inputs": [LINK], "inputs_language": "fr"}}
    path = transcript(client, until, body=spoken)
    assert "[fr] " in client.get(path, headers={"Accept": "text/plain"}).text


def test_every_input_has_its_own_file(shared, rev, until):
    client = rev(shared)
    media = [{**LINK, "external_link": f"https://vimeo.com/{name}.mp4"} for name in ("one", "two")]
    id = ordered(client, ai(*media))
    body = until(lambda: ended(client, id))
    names = [item["name"] for item in body["attachments"]]
    assert names == ["one.mp4", "two.mp4", "one.docx", "two.docx"]


def test_media_that_were_sent_can_be_had_again_and_external_ones_cannot(shared, rev):
    client = rev(shared)
    uri = client.post("/inputs", json={"url": "https://cdn.test/a.mp3?seconds=7"}).headers["Location"]
    body = client.get(f"/orders/{ordered(client, ai({'uri': uri}, LINK))}").json()
    mine, other = body["attachments"][:2]
    assert (mine["name"], mine["audio_length_seconds"]) == ("a.mp3", 7)
    assert client.get(f"/attachments/{mine['id']}/content").content[:4] == b"RIFF"
    assert mine["links"][0]["href"].endswith(f"/attachments/{mine['id']}/content")
    assert other["links"] == []
    assert client.get(f"/attachments/{other['id']}/content").status_code == 404
    assert client.post(f"/attachments/{mine['id']}/share").status_code == 400


def test_the_balance_is_debited_and_limits_orders(start, rev):
    sandbox = start()
    client = rev(sandbox)
    sandbox.set_faults({"settings": {"balance": 2}})
    ordered(client)
    answer = client.post("/orders", json=ai())
    assert answer.json()["code"] == 30011
    ordered(client, sandbox_mode=True)
    assert sandbox.world()["facts"]["rev.balance"] == 0.75


@pytest.mark.parametrize("keys", ["", "Bearer x", "Rev", "Rev sandbox-rev-client:x", "Rev é:ü"])
def test_wrong_keys_are_401_without_a_body(shared, http, keys):
    headers = {"Authorization": keys.encode("latin-1")}
    answer = http.get(shared.base_urls["rev"] + "/api/v1/orders", headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")


INPUTS = [
    ({"files": {"file": ("a.mp3", b"x", "audio/mpeg")}}, None),
    ({"files": {"file": ("a.bin", b"x", None)}, "data": {"Content-Type": "video/mp4"}}, None),
    ({"files": {"file": ("a.txt", b"x", "text/plain")}}, 10001),
    ({"files": {"one": ("a.mp3", b"x"), "two": ("b.mp3", b"y")}}, 10003),
    ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 10003),
    ({"content": b"x", "headers": {"Content-Type": "audio/wav"}}, 10004),
    (
        {
            "content": b"x",
            "headers": {"Content-Type": "audio/wav", "Content-Disposition": "attachment; filename=a.wav"},
        },
        None,
    ),
    ({"json": {"url": "https://cdn.test/a.pdf"}}, 10001),
    ({"json": {"url": "https://cdn.test/a.mp3", "content_type": "image/png"}}, 10001),
    ({"json": {"url": "https://cdn.test/", "filename": "a.mp3"}}, None),
    ({"json": {"filename": "a.mp3"}}, 10002),
    ({"json": []}, 10002),
    ({"content": b"<x><url>https://cdn.test/a.mp3</url></x>", "headers": {"Content-Type": "text/xml"}}, None),
]


@pytest.mark.parametrize(("sent", "code"), INPUTS)
def test_inputs_are_taken_in_every_way_or_refused_with_their_code(shared, rev, sent, code):
    answer = rev(shared).post("/inputs", **sent)
    if code is None:
        assert (answer.status_code, answer.content) == (201, b"")
        assert answer.headers["Location"].startswith("urn:rev:inputmedia:")
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_an_injected_failure_has_no_body_unless_it_is_400(start, rev):
    sandbox = start()
    client = rev(sandbox)
    for status, empty in ((500, True), (403, True), (400, False)):
        sandbox.set_faults([{"match": {"provider": "rev"}, "times": 1, "do": {"status": status}}])
        answer = client.get("/orders")
        assert (answer.status_code, answer.content == b"") == (status, empty)
