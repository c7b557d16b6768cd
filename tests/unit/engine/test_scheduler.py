"""The scheduler, with a graph of letters."""

from runner.engine.running.scheduler import Scheduler, Skipped
from runner.model.graph import Graph, Instance, Need


def graph(**needs: list[Need]) -> Graph:
    """Instances `a`, `b1`, `b2`, …: the job is the letter."""
    instances = {name: Instance(name, name[0], needs=tuple(wanted)) for name, wanted in needs.items()}
    jobs: dict[str, tuple[str, ...]] = {}
    for instance in instances.values():
        jobs[instance.job] = (*jobs.get(instance.job, ()), instance.address)
    return Graph(instances, jobs)


def test_what_needs_nothing_starts_at_once() -> None:
    scheduler = Scheduler(graph(a=[], b=[Need("a")]))

    assert scheduler.start() == ["a"]


def test_an_instance_starts_when_the_last_of_its_needs_is_ready() -> None:
    scheduler = Scheduler(graph(a=[], b=[], c=[Need("a"), Need("b")]))
    scheduler.start()

    assert scheduler.reached("a", "ready") == []
    assert scheduler.reached("b", "ready") == ["c"]


def test_ready_comes_after_submitted_and_releases_both() -> None:
    scheduler = Scheduler(graph(a=[], b=[Need("a", "submitted")], c=[Need("a")]))
    scheduler.start()

    assert scheduler.reached("a", "submitted") == ["b"]
    assert scheduler.reached("a", "ready") == ["c"]


def test_a_gather_waits_for_the_whole_job() -> None:
    scheduler = Scheduler(graph(b1=[], b2=[], c=[Need("b", gather=True)]))
    scheduler.start()

    assert scheduler.reached("b1", "ready") == []
    assert scheduler.reached("b2", "ready") == ["c"]


def test_a_gather_over_an_empty_job_waits_for_nothing() -> None:
    scheduler = Scheduler(graph(c=[Need("b", gather=True)]))

    assert scheduler.start() == ["c"]


def test_what_hangs_on_a_failure_is_skipped_once_with_its_cause() -> None:
    scheduler = Scheduler(graph(a=[], b=[Need("a")], c=[Need("b")], d=[Need("a"), Need("c")]))
    scheduler.start()

    released, skipped = scheduler.dropped("a")

    assert released == []
    assert skipped == [Skipped("b", "a"), Skipped("d", "a"), Skipped("c", "a")]


def test_a_failure_skips_nobody_else() -> None:
    scheduler = Scheduler(graph(a=[], b=[], c=[Need("a")], d=[Need("b")]))
    scheduler.start()

    scheduler.dropped("a")

    assert scheduler.reached("b", "ready") == ["d"]


def test_whoever_waits_for_settled_goes_on_after_a_failure() -> None:
    scheduler = Scheduler(graph(a=[], b=[Need("a", "settled")]))
    scheduler.start()

    assert scheduler.dropped("a") == (["b"], [])


def test_a_tolerant_reference_goes_on_after_a_failure() -> None:
    scheduler = Scheduler(graph(a=[], b=[Need("a", tolerant=True)]))
    scheduler.start()

    assert scheduler.dropped("a") == (["b"], [])


def test_what_failed_after_it_was_accepted_still_counts_as_submitted() -> None:
    scheduler = Scheduler(graph(a=[], b=[Need("a", "submitted")]))
    scheduler.start()

    assert scheduler.dropped("a", started=True) == (["b"], [])


def test_one_failed_row_skips_whoever_gathers_its_job() -> None:
    scheduler = Scheduler(graph(b1=[], b2=[], c=[Need("b", gather=True)], d=[Need("c")]))
    scheduler.start()

    _, skipped = scheduler.dropped("b1")

    assert [one.address for one in skipped] == ["c", "d"]
    assert scheduler.reached("b2", "ready") == []


def test_a_gather_that_waits_for_settled_takes_failures_and_successes() -> None:
    scheduler = Scheduler(graph(b1=[], b2=[], c=[Need("b", "settled", gather=True)]))
    scheduler.start()

    assert scheduler.dropped("b1") == ([], [])
    assert scheduler.reached("b2", "ready") == ["c"]


def test_whoever_waits_for_what_is_withheld_waits_with_it_whatever_they_tolerate() -> None:
    tolerant, settled = Need("a", tolerant=True), Need("a", "settled")
    scheduler = Scheduler(
        graph(a=[], b=[tolerant], c=[settled], d=[Need("a", "submitted")], e=[Need("b")], f=[])
    )
    scheduler.start()

    assert scheduler.withheld("a") == ["d", "b", "c", "e"]
    assert scheduler.reached("f", "ready") == []


def test_a_gather_waits_with_one_that_is_withheld_though_all_others_come() -> None:
    whole = graph(b1=[], b2=[], c=[Need("b", gather=True)], d=[Need("b", "settled", gather=True)])
    scheduler = Scheduler(whole)
    scheduler.start()

    assert scheduler.withheld("b1") == ["c", "d"]
    assert scheduler.reached("b2", "ready") == []
