"""`runner graph`."""

import json


def test_jobs_are_drawn_for_a_markdown_page(runner) -> None:
    ended = runner("graph")

    assert ended.code == 0
    assert ended.out.splitlines() == ["flowchart LR", '    n0["dub<br/>dubformer.project<br/>× 2"]']


def test_a_target_draws_instances(runner) -> None:
    ended = runner("graph", "--target", "dub/e2", "--format", "dot")

    assert '"dub/e2" [label="dub/e2\\ndubformer.project"];' in ended.out
    assert "dub/e1" not in ended.out


def test_a_target_that_names_nothing_is_wrong_usage(runner) -> None:
    ended = runner("graph", "--target", "dubb/*")

    assert ended.code == 64
    assert "names no instance" in ended.err


def test_the_drawing_is_there_for_programs(runner) -> None:
    ended = runner("graph", "--json", "--instances")

    assert [node["name"] for node in json.loads(ended.out)["nodes"]] == ["dub/e1", "dub/e2"]
