"""When links end."""

import pytest

from runner.engine.links import end_of, ends_within

NOW = 1_790_000_000.0
S3 = "https://b.s3.amazonaws.com/a?X-Amz-Date=20260921T141320Z&X-Amz-Expires=3600&X-Amz-Signature=x"


@pytest.mark.parametrize(
    ("url", "end"),
    [
        (S3, NOW + 3600),
        (f"https://d.cloudfront.net/a?Expires={NOW:.0f}&Signature=x", NOW),
        ("https://x.blob.core.windows.net/a?se=2026-09-21T14:13:20Z&sig=x", NOW),
        ("https://cdn.example.com/a.mp4", None),
        ("https://cdn.example.com/a.mp4?expires=soon", None),
        ("https://b.s3.amazonaws.com/a?X-Amz-Date=never&X-Amz-Expires=1", None),
    ],
)
def test_a_link_tells_when_it_ends(url: str, end: float | None) -> None:
    assert end_of(url) == end


def test_the_first_link_that_ends_counts() -> None:
    outputs = {"video": S3, "more": [{"audio": f"https://d.example.com/?Expires={NOW + 600:.0f}"}]}

    assert ends_within(outputs, 3600, NOW) == "in 10 m"


def test_links_without_an_end_and_those_far_away_say_nothing() -> None:
    assert ends_within({"a": "https://cdn.example.com/a", "b": S3}, 60, NOW) == ""


def test_a_link_that_has_ended_says_so() -> None:
    assert ends_within({"b": S3}, 60, NOW + 7200) == "already"
