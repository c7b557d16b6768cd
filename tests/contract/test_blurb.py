"""Each operation of Blurb's texts in its documented form, success and every error, on the sandbox."""

import time
from typing import Any

import pytest
from contractclient import Client, used

from runner.api.messages.encode import call_of
from runner.api.messages.reading import read_answer
from runner.api.provider import Use
from runner.api.vocabulary.locate import Scope, find_all, locate
from runner.model.http import Answer

PATIENCE = 20.0


def use(name: str) -> Use:
    return used(f"blurb.{name}")


def render(**more: Any) -> dict[str, Any]:
    return {
        "contentId": "BASE_BASIC_UNIFIED",
        "requiredData": {"customText": "Sample Custom Text"},
        "videoSettings": {
            "numVideos": 3,
            "aspectRatio": "16x9",
            "audioStartEndSecs": {"start": 0, "end": 15},
            "outputQuality": "FULL",
        },
        **more,
    }


def batch(**more: Any) -> dict[str, Any]:
    """The text's own example, "using urls for track data"."""
    return {
        "ref": "my-reference",
        "artist": {"name": "Artist Name", "artworkUrl": "https://placehold.co/1000x1000"},
        "mediaBundle": {"name": "My Song", "artworkUrl": "https://placehold.co/1000x1000"},
        "media": {
            "name": "My Song",
            "artworkUrl": "https://placehold.co/1000x1000",
            "audioUrl": "https://public.audio/song.mp3",
        },
        "serviceParams": {},
        "webhookUrl": "https://example.com/webhook",
        "renders": [render()],
        **more,
    }


def song(client: Client) -> dict[str, str]:
    """An artist, a media bundle and media that exist, as a batch names them by id."""
    artist = made(client, "artist", {"name": "Artist Name"})
    bundle = made(client, "media_bundle", {"name": "My Album", "artistId": artist})
    media = made(client, "media", {"name": "My Song", "mediaBundleId": bundle})
    return {"artist": artist, "mediaBundle": bundle, "media": media}


def made(client: Client, name: str, inputs: dict[str, Any]) -> str:
    answer = client.call(use(name).operation.id, inputs)
    client.documented(use(name).operation.id, answer)
    reading = read_answer(use(name), answer, inputs)
    assert reading.outcome == "ready" or name == "batch"
    assert reading.id
    return reading.id


def ended(client: Client, id: str) -> Answer:
    """The batch once its work has ended."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer = client.call("getBatch", {"batchId": id})
        if read_answer(use("batch"), answer, id=id).outcome != "running":
            return answer
    raise AssertionError(f"{id} did not end in {PATIENCE} s")


def test_a_batch_of_urls_is_created_in_the_texts_own_words(blurb: Client) -> None:
    answer = blurb.call("createBatch", batch())
    blurb.documented("createBatch", answer)
    assert answer.body["success"] is True
    assert answer.body["message"] == "Batch created successfully"
    assert set(answer.body["data"]) == {"batchId", "renders"}
    assert [held["status"] for held in answer.body["data"]["renders"]] == ["PENDING"]
    reading = read_answer(use("batch"), answer)
    assert (reading.id, reading.outcome) == (answer.body["data"]["batchId"], "running")
    assert reading.cost is None


def test_a_batch_of_ids_is_created_and_answered_at_length(blurb: Client) -> None:
    ids = song(blurb)
    answer = blurb.call("createBatch", batch(**ids))
    blurb.documented("createBatch", answer)
    data = answer.body["data"]
    assert set(data) == {
        "type", "ref", "batchId", "artistId", "mediaBundleId", "mediaId", "status", "createdAt", "webhookUrl",
        "renders",
    }  # fmt: skip
    assert (data["type"], data["ref"]) == ("RENDER", "my-reference")
    assert {"artist": data["artistId"], "mediaBundle": data["mediaBundleId"], "media": data["mediaId"]} == ids
    reading = read_answer(use("batch"), answer)
    assert (reading.id, reading.status, reading.outcome) == (data["batchId"], "PENDING", "running")


def test_a_batch_takes_every_field_of_the_vendors_pages(blurb: Client) -> None:
    extra = {"effectOverrides": {"glow": 1}, "assetOverrides": {}, "dryRun": False, "useV3": False}
    assert blurb.call("createBatch", batch(**extra)).status == 200


def test_a_batch_is_ready_when_all_its_renders_are_and_each_film_has_a_name_of_its_own(blurb: Client) -> None:
    id = made(blurb, "batch", batch(renders=[render(), render(requiredData={})]))
    answer = ended(blurb, id)
    blurb.documented("getBatch", answer)
    assert answer.body["message"] == "Batch retrieved successfully"
    reading = read_answer(use("batch"), answer, id=id)
    assert (reading.status, reading.outcome) == ("COMPLETED", "ready")
    kind: Any = use("batch").kind
    parts = find_all(kind.parts.response, answer.body)
    scopes = [Scope(answer=answer, part=part) for part in parts]
    assert [locate(kind.status.part, scope) for scope in scopes] == ["COMPLETED"] * 2
    assert [held["progress"] for held in parts] == [100, 100]
    names = [locate(kind.parts.name, scope) for scope in scopes]
    assert names == ["my-song.mp4", "my-song-2.mp4"]
    assert [locate(kind.downloads["video"].file_name, scope) for scope in scopes] == names
    films = [locate(kind.downloads["video"].url, scope) for scope in scopes]
    assert len(set(films)) == 2


def test_one_failed_render_is_told_with_its_message_while_the_others_are_completed(blurb: Client) -> None:
    renders = [render(), render(requiredData={"customText": "please fail"})]
    answer = ended(blurb, made(blurb, "batch", batch(renders=renders)))
    blurb.documented("getBatch", answer)
    good, bad = answer.body["data"]["renders"]
    assert (good["status"], bad["status"]) == ("COMPLETED", "FAILED")
    assert bad["message"]
    assert "renderUrl" not in bad
    assert read_answer(use("batch"), answer).outcome == "stalled"


def test_a_notifications_word_for_the_end_is_read_too() -> None:
    body = {
        "success": True,
        "data": {"batchId": "b", "status": "COMPLETE", "renders": [{"status": "COMPLETE"}]},
    }
    assert read_answer(use("batch"), Answer(200, {}, body)).outcome == "ready"


def test_a_word_that_no_page_knows_is_running() -> None:
    body = {"success": True, "data": {"batchId": "b", "status": "PAUSED", "renders": [{"status": "PAUSED"}]}}
    assert read_answer(use("batch"), Answer(200, {}, body)).outcome == "running"


def test_a_batch_without_renders_is_never_ready() -> None:
    body = {"success": True, "data": {"batchId": "b", "status": "COMPLETED", "renders": []}}
    assert read_answer(use("batch"), Answer(200, {}, body)).outcome == "running"


def test_a_dry_run_is_checked_and_renders_nothing(blurb: Client) -> None:
    action: Any = use("dry_run").kind
    call = call_of(blurb.provider, action.call, Scope(), batch(ref="dry"))
    before = len(blurb.sandbox.ledger())
    answer = blurb.send(call)
    blurb.documented("createBatch", answer)
    assert len(blurb.sandbox.ledger()) == before
    shown = blurb.call("getBatch", {"batchId": answer.body["data"]["batchId"]})
    blurb.documented("getBatch", shown)
    assert (shown.body["data"]["status"], shown.body["data"]["dryRun"]) == ("PENDING", True)


def test_a_dry_run_is_sent_like_what_it_may_become() -> None:
    kind: Any = use("dry_run").kind
    assert (kind.effect, kind.repeat) == ("paid", "unsafe")
    assert use("batch").kind.validate is None  # type: ignore[union-attr]
    assert "dryRun" not in use("dry_run").inputs_schema()["properties"]


def test_every_batch_is_on_the_ledger_under_its_reference(blurb: Client) -> None:
    id = made(blurb, "batch", batch(ref="on the ledger"))
    rows = [row for row in blurb.sandbox.ledger() if row["id"] == id]
    assert [(row["provider"], row["operation"], row["name"]) for row in rows] == [
        ("blurb", "createBatch", "on the ledger")
    ]


def test_a_repeated_reference_is_another_batch(blurb: Client) -> None:
    ids = {made(blurb, "batch", batch(ref="twice")) for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"artist": None}, "artist is required"),
        ({"mediaBundle": None}, "mediaBundle is required"),
        ({"media": None}, "media is required"),
        ({"renders": None}, "renders is required"),
        ({"renders": []}, "renders must not be empty"),
        ({"artist": ""}, "artist must not be empty"),
        ({"artist": "artist-none"}, "artist: there is no artist-none"),
        ({"artist": 7}, "artist must be an object"),
        ({"media": {"name": "x", "audioUrl": "https://a.b/x.wav"}}, "media.audioUrl must be an mp3"),
        ({"mediaBundle": {"artworkUrl": "nowhere"}}, "mediaBundle.artworkUrl must be a URL"),
        ({"webhookUrl": "nowhere"}, "webhookUrl must be a URL"),
        ({"ref": 7}, "ref must be a string"),
        ({"renders": [{"videoSettings": {"numVideos": 0}}]}, "numVideos must be at least 1"),
        ({"renders": [{"content": "x"}]}, "renders[0].content is not a known field"),
        (
            {"renders": [{"videoSettings": {"audioStartEndSecs": {"start": 9, "end": 3}}}]},
            "renders[0].videoSettings.audioStartEndSecs.end must be after its start",
        ),
    ],
)
def test_a_wrong_batch_is_refused_in_the_envelope(blurb: Client, change: dict[str, Any], said: str) -> None:
    answer = blurb.call("createBatch", batch(**change))
    assert answer.status == 400
    assert answer.body["success"] is False
    assert isinstance(answer.body["data"], dict)
    assert said in answer.body["message"]
    verdict = blurb.verdict(answer)
    assert (verdict.meaning, verdict.message) == ("refused", answer.body["message"])


def test_a_no_in_the_envelope_of_a_success_is_a_no(blurb: Client) -> None:
    answer = Answer(200, {}, {"success": False, "message": "No such content", "data": {}})
    verdict = blurb.verdict(answer)
    assert (verdict.meaning, verdict.message) == ("refused", "No such content")


def test_an_unknown_batch_is_not_found(blurb: Client) -> None:
    answer = blurb.call("getBatch", {"batchId": "batch-none"})
    assert (answer.status, answer.body["success"]) == (404, False)


@pytest.mark.parametrize(
    ("operation", "inputs"),
    [
        ("createBatch", batch()),
        ("getBatch", {"batchId": "b"}),
        ("createArtist", {"name": "x"}),
        ("createMediaBundle", {"name": "x", "artistId": "a"}),
        ("updateMediaBundle", {"name": "x", "mediaBundleId": "a"}),
        ("createMedia", {"name": "x", "mediaBundleId": "a"}),
        ("getMedia", {"mediaId": "a"}),
        ("updateMedia", {"name": "x", "mediaId": "a"}),
    ],
)
def test_every_operation_wants_the_token(blurb: Client, operation: str, inputs: dict[str, Any]) -> None:
    blurb.auth["token"] = "wrong"
    answer = blurb.call(operation, inputs)
    assert (answer.status, answer.body["success"]) == (401, False)
    assert blurb.verdict(answer).unauthorized


def test_an_injected_failure_stands_in_the_envelope_and_proves_nothing(blurb: Client) -> None:
    blurb.sandbox.set_faults([{"match": {"provider": "blurb"}, "do": {"status": 500}}])
    answer = blurb.call("createBatch", batch())
    assert (answer.status, answer.body["success"]) == (500, False)
    assert blurb.verdict(answer).meaning == "ambiguous"


def test_an_artist_is_created_with_every_field_of_the_vendors_page(blurb: Client) -> None:
    ids = {"appleMusic": "1", "spotify": "2", "youtube": "3"}
    inputs = {"name": "A", "imageUrl": "https://x.org/a.png", "externalIds": ids, "clientRef": "mine"}
    answer = blurb.call("createArtist", inputs)
    blurb.documented("createArtist", answer)
    assert answer.body["message"] == "Artist created"
    assert answer.body["data"]["name"] == "A"


BUNDLE = {
    "name": "B",
    "imageUrl": "https://x.org/a.png",
    "externalIds": {"spotify": "2"},
    "clientRef": "mine",
    "upc": "0123",
    "projectNumber": "1",
    "releaseNumber": "2",
    "albumVersion": "3",
}
SONG = {
    "name": "S",
    "imageUrl": "https://x.org/a.png",
    "plainTextLyrics": "la",
    "language": "fr",
    "isrc": "X",
    "trackVersion": "1",
    "trackNumber": 1,
    "discNumber": 2,
    "audioUrl": "https://x.org/a.mp3",
    "videoUrls": ["https://x.org/v.mp4"],
    "youtubeUrl": "https://x.org/y",
    "spotifyUrl": "https://x.org/s",
    "appleMusicUrl": "https://x.org/m",
}
CHANGE = {
    **SONG,
    "clientRef": "mine",
    "instrumentalAudioUrl": "https://x.org/i.mp3",
    "audioAssets": {"DEFAULT": "asset-1"},
    "videoAssets": [{"aspectRatio": "9x16", "id": "asset-2"}],
    "imageAssetId": "asset-3",
    "youtubePluginId": "p-1",
    "spotifyPluginId": "p-2",
    "applePluginId": "p-3",
}


def test_a_media_bundle_is_created_and_changed_with_every_field(blurb: Client) -> None:
    artist = made(blurb, "artist", {"name": "A"})
    id = made(blurb, "media_bundle", {**BUNDLE, "artistId": artist})
    answer = blurb.call("updateMediaBundle", {**BUNDLE, "mediaBundleId": id, "name": "C"})
    blurb.documented("updateMediaBundle", answer)
    data = answer.body["data"]
    assert (data["name"], data["mediaBundleId"], data["artistId"]) == ("C", id, artist)
    assert {name: data[name] for name in ("upc", "projectNumber", "releaseNumber", "clientRef")} == {
        "upc": "0123", "projectNumber": "1", "releaseNumber": "2", "clientRef": "mine",
    }  # fmt: skip


def test_media_is_created_changed_and_found_with_every_field(blurb: Client) -> None:
    ids = song(blurb)
    id = made(blurb, "media", {**SONG, "mediaBundleId": ids["mediaBundle"]})
    changed = blurb.call("updateMedia", {**CHANGE, "mediaId": id, "name": "T"})
    blurb.documented("updateMedia", changed)
    found = blurb.call("getMedia", {"mediaId": id})
    blurb.documented("getMedia", found)
    assert found.body["message"] == "Media found"
    assert found.body["data"] == changed.body["data"]
    data = found.body["data"]
    assert (data["name"], data["artistId"], data["language"]) == ("T", ids["artist"], "fr")
    assert data["videoAssets"] == CHANGE["videoAssets"]


@pytest.mark.parametrize(
    ("operation", "inputs", "status"),
    [
        ("createArtist", {"name": ""}, 400),
        ("createArtist", {"name": "x", "imageUrl": "nowhere"}, 400),
        ("createMediaBundle", {"name": "x", "artistId": "artist-none"}, 400),
        ("createMediaBundle", {"name": "x"}, 400),
        ("updateMediaBundle", {"mediaBundleId": "none", "name": "x"}, 404),
        ("createMedia", {"name": "x", "mediaBundleId": "none"}, 400),
        ("createMedia", {"name": "x", "mediaBundleId": "none", "language": "xx"}, 400),
        ("getMedia", {"mediaId": "none"}, 404),
        ("updateMedia", {"mediaId": "none", "name": "x"}, 404),
    ],
)
def test_wrong_artists_bundles_and_media_are_refused(
    blurb: Client, operation: str, inputs: dict[str, Any], status: int
) -> None:
    answer = blurb.call(operation, inputs)
    assert (answer.status, answer.body["success"]) == (status, False)
    assert answer.body["message"]
