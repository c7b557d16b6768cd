"""Drawings of a graph, as Mermaid and Graphviz read them."""

from runner.model.graph import Graph, Instance, Need
from runner.model.manifest import SUBMITTED, Job
from runner.report.graph import Drawing, Edge, Node, dot, instance_drawing, job_drawing, mermaid

JOBS = {"dub": Job("dub", "dubformer.project"), "fix": Job("fix", "dubformer.translation")}
GRAPH = Graph(
    {
        "dub/a": Instance("dub/a", "dub", (("", "a"),)),
        "dub/b": Instance("dub/b", "dub", (("", "b"),)),
        "fix/a": Instance("fix/a", "fix", (("", "a"),), needs=(Need("dub/a"),)),
        "fix/b": Instance("fix/b", "fix", (("", "b"),), needs=(Need("dub", SUBMITTED, gather=True),)),
    },
    {"dub": ("dub/a", "dub/b"), "fix": ("fix/a", "fix/b")},
)


def test_jobs_are_drawn_once_with_the_number_of_their_instances() -> None:
    drawn = job_drawing(GRAPH, JOBS)

    assert drawn.nodes[0] == Node("dub", ("dub", "dubformer.project", "× 2"))
    assert drawn.edges == (Edge("dub", "fix"), Edge("dub", "fix", SUBMITTED))


def test_a_gather_is_an_arrow_from_each_instance_of_the_job() -> None:
    drawn = instance_drawing(GRAPH, JOBS)

    assert [edge.source for edge in drawn.edges if edge.target == "fix/b"] == ["dub/a", "dub/b"]


def test_only_the_chosen_instances_are_drawn_and_the_arrows_between_them() -> None:
    drawn = instance_drawing(GRAPH, JOBS, ["dub/b", "fix/a"])

    assert [node.name for node in drawn.nodes] == ["dub/b", "fix/a"]
    assert drawn.edges == ()


def test_mermaid_shows_labels_and_keeps_markup_out_of_them() -> None:
    drawn = Drawing((Node("a", ('say "hi" <b>',)), Node("b", ("#1",))), (Edge("a", "b", "submitted"),))

    assert mermaid(drawn).splitlines() == [
        "flowchart LR",
        '    n0["say #quot;hi#quot; #lt;b#gt;"]',
        '    n1["#35;1"]',
        "    n0 -->|submitted| n1",
    ]


def test_dot_quotes_names_and_labels() -> None:
    drawn = Drawing((Node('a"\\', ("a", "b")), Node("c", ("c",))), (Edge('a"\\', "c"),))

    assert '    "a\\"\\\\" [label="a\\nb"];' in dot(drawn).splitlines()
    assert '    "a\\"\\\\" -> "c";' in dot(drawn).splitlines()
