"""Targets, exclusions and limits."""

from runner.compile.planning.select import Limit, selected, unmatched
from runner.model.graph import Graph, Instance, Need
from runner.model.wishes import Globs, Wishes


def item(job: str, key: str, *needs: Need) -> Instance:
    return Instance(f"{job}/{key}", job, (("", key),), needs=needs)


def season() -> Graph:
    """Three transcripts, a dub behind each, and one report behind all dubs."""
    transcripts = [item("transcript", key) for key in ("e1", "e2", "e3")]
    dubs = [item("dub", one.key, Need(one.address)) for one in transcripts]
    report = Instance("report", "report", needs=(Need("dub", gather=True),))
    instances = {one.address: one for one in [*transcripts, *dubs, report]}
    jobs = {
        "transcript": tuple(one.address for one in transcripts),
        "dub": tuple(one.address for one in dubs),
        "report": ("report",),
    }
    return Graph(instances, jobs)


def test_without_targets_everything_is_selected() -> None:
    assert selected(season(), Wishes()) is None


def test_what_a_target_needs_comes_along() -> None:
    assert selected(season(), Wishes(targets=("dub/e2",))) == {"dub/e2", "transcript/e2"}


def test_a_target_behind_a_whole_job_brings_all_of_it() -> None:
    assert selected(season(), Wishes(targets=("report",))) == set(season().instances)


def test_what_is_excluded_stays_out_although_it_is_needed() -> None:
    found = selected(season(), Wishes(targets=("report",), exclude=("transcript/e1", "dub/e1")))

    assert found == set(season().instances) - {"transcript/e1", "dub/e1"}


def test_a_job_name_stands_for_all_of_its_items() -> None:
    assert "dub/e1" in Globs(["dub"])
    assert "dubbing/e1" not in Globs(["dub"])


def test_a_star_crosses_slashes() -> None:
    assert "dub/e1/fr-FR" in Globs(["dub/*"])


def test_globs_that_name_nothing_are_told() -> None:
    assert unmatched(season(), ["dub/*", "dbu/*", "report"]) == ("dbu/*",)


def test_a_limit_takes_the_first_items_and_what_follows_from_them() -> None:
    limit = Limit(1)
    asked = [
        "transcript/e1",
        "transcript/e2",
        "dub/e1",
        "report",
    ]  # what waits for a skipped item is not asked

    passed = [address for address in asked if limit.passes(season().instances[address])]

    assert passed == ["transcript/e1", "dub/e1", "report"]


def test_an_item_whose_upstream_is_done_counts_itself() -> None:
    limit = Limit(1)

    passed = [one.address for one in season() if one.job == "dub" and limit.passes(one)]

    assert passed == ["dub/e1"]
