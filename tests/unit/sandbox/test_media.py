import io
import wave

import pytest

from runner.sandbox.ground.film import film, sound


def boxes(content):
    """The kinds and sizes of the boxes of an ISO base media file."""
    found = []
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        found.append((content[at + 4 : at + 8].decode(), size))
        at += size
    assert at == len(content)
    return found


def test_a_film_is_made_of_whole_boxes_and_points_at_its_frames():
    content = film("a")
    assert [kind for kind, _ in boxes(content)] == ["ftyp", "free", "moov", "mdat"]
    offset = int.from_bytes(content[content.index(b"stco") + 12 :][:4])
    assert content[offset : offset + 2] == b"\xff\xd8"
    assert content.endswith(b"\xff\xd9")


def test_films_and_sounds_depend_on_their_text_alone():
    assert film("a") == film("a") != film("b")
    assert sound("a") == sound("a") != sound("b")


def test_a_sound_is_a_second_of_wav():
    with wave.open(io.BytesIO(sound("a"))) as reader:
        assert reader.getnframes() == reader.getframerate()


def test_a_head_tells_the_length_and_the_tag_of_a_file(http, shared):
    url = shared.media_url + "ep01.mp4"
    head, whole = http.head(url), http.get(url)
    assert head.content == b""
    assert int(head.headers["Content-Length"]) == len(whole.content)
    assert head.headers["ETag"] == whole.headers["ETag"]
    assert whole.headers["Content-Type"] == "video/mp4"


@pytest.mark.parametrize(
    ("asked", "cut", "told"),
    [
        ("bytes=0-9", slice(0, 10), "bytes 0-9/{size}"),
        ("bytes=10-", slice(10, None), "bytes 10-{last}/{size}"),
        ("bytes=-10", slice(-10, None), "bytes {tenth}-{last}/{size}"),
        ("bytes=10-999999", slice(10, None), "bytes 10-{last}/{size}"),
    ],
)
def test_a_range_is_a_part_of_the_file(http, shared, asked, cut, told):
    url = shared.media_url + "ep01.mp4"
    whole = http.get(url).content
    answer = http.get(url, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == whole[cut]
    size = len(whole)
    assert answer.headers["Content-Range"] == told.format(size=size, last=size - 1, tenth=size - 10)


def test_a_range_past_the_end_is_416(http, shared):
    answer = http.get(shared.media_url + "ep01.mp4", headers={"Range": "bytes=999999-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"].startswith("bytes */")


def test_a_range_of_another_version_is_answered_with_the_whole(http, shared):
    url = shared.media_url + "ep01.mp4"
    answer = http.get(url, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert answer.status_code == 200


def test_a_known_tag_is_answered_with_304(http, shared):
    url = shared.media_url + "ep01.mp4"
    tag = http.get(url).headers["ETag"]
    assert http.get(url, headers={"If-None-Match": tag}).status_code == 304


def test_a_result_is_served_only_under_its_whole_path(http, shared):
    url = f"{shared.url}/media/results/{'0' * 32}/dubformer/10001-0/output_video.mp4"
    assert http.get(url).status_code == 404


def test_only_films_and_sounds_are_sources(http, shared):
    assert http.get(shared.media_url + "ep01.txt").status_code == 404


def test_published_files_are_served_from_their_directory_only(files, http, shared):
    (files / "sub").mkdir()
    (files / "sub" / "a.txt").write_text("hello")
    (files.parent / "secret.txt").write_text("no")
    assert http.get(shared.files_url + "sub/a.txt").text == "hello"
    assert http.get(shared.files_url + "none.txt").status_code == 404
    assert http.get(shared.files_url + "%2e%2e/secret.txt").status_code == 404


def test_a_directory_may_be_made_after_the_start(http, start, tmp_path):
    sandbox = start(files=tmp_path / "later")
    assert http.get(sandbox.files_url + "a.txt").status_code == 404
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "a.txt").write_text("hello")
    assert http.get(sandbox.files_url + "a.txt").text == "hello"


def test_without_a_directory_there_are_no_files(http, start):
    assert http.get(start(files=None).files_url + "a.txt").status_code == 404


@pytest.mark.parametrize("asked", ["bytes=9-5", "bytes=-", "lines=1-2", "bytes=0-1,5-6"])
def test_a_range_that_makes_no_sense_is_ignored(http, shared, asked):
    answer = http.get(shared.media_url + "ep01.mp4", headers={"Range": asked})
    assert (answer.status_code, len(answer.content)) == (200, int(answer.headers["Content-Length"]))
