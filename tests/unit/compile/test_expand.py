"""for_each, keys, needs and their order."""

from folder import Folder

from runner.model.graph import Need

EPISODES = """
    id,lang,seconds
    ep01,fr,60
    ep02,de,90
"""


def test_a_list_of_scalars_is_named_by_itself(folder: Folder) -> None:
    graph = folder.expand("jobs: {a: {uses: dubformer.voices, for_each: [no, 9:16, 7]}}").graph

    assert list(graph.instances) == ["a/no", "a/9:16", "a/7"]


def test_a_mapping_gives_its_own_keys(folder: Folder) -> None:
    graph = folder.expand("jobs: {a: {uses: dubformer.voices, for_each: {one: {id: x}, two: 2}}}").graph

    assert [(one.key, one.each["value"]) for one in graph] == [("one", {"id": "x"}), ("two", 2)]


def test_a_table_is_named_by_its_id_or_by_the_column_given(folder: Folder) -> None:
    folder.write("e.csv", EPISODES.strip().replace("    ", ""))
    graph = folder.expand(
        """
        data: {e: {file: e.csv}}
        jobs:
          a: {uses: dubformer.voices, for_each: "${{ data.e }}"}
          b: {uses: dubformer.voices, for_each: {in: "${{ data.e }}", key: lang, where: "${{ item.seconds == '90' }}"}}
          c: {uses: dubformer.voices, for_each: {file: e.csv, key: "${{ item.id }}-${{ item.lang }}"}}
        """
    ).graph

    assert list(graph.instances) == ["a/ep01", "a/ep02", "b/de", "c/ep01-fr", "c/ep02-de"]


def test_groups_of_a_table_are_a_mapping(folder: Folder) -> None:
    folder.write("l.csv", "ep,line\nep01,a\nep02,b\nep01,c\n")
    graph = folder.expand(
        """
        data: {l: {file: l.csv, group_by: ep}}
        jobs: {a: {uses: dubformer.voices, for_each: "${{ data.l }}"}}
        """
    ).graph

    assert {one.key: len(one.each["value"]) for one in graph} == {"ep01": 2, "ep02": 1}


def test_a_product_joins_keys_and_leaves_out_what_is_excluded(folder: Folder) -> None:
    graph = folder.expand(
        """
        vars: {langs: [fr, de]}
        jobs:
          a:
            uses: dubformer.voices
            for_each: {product: {ep: [ep01, ep02], lang: "${{ vars.langs }}"}, exclude: [{ep: ep02, lang: de}]}
        """
    ).graph

    assert list(graph.instances) == ["a/ep01/fr", "a/ep01/de", "a/ep02/fr"]
    each = graph.instances["a/ep01/de"].each
    assert (each["ep"], each["keys"], each["key"]) == ("ep01", {"ep": "ep01", "lang": "de"}, "ep01/de")


def test_excluding_a_key_that_does_not_exist_is_a_warning(folder: Folder) -> None:
    problems = folder.expand(
        "jobs: {a: {uses: dubformer.voices, for_each: {product: {lang: [fr]}, exclude: [{lang: de}]}}}"
    ).problems

    assert [(one.message, one.warning) for one in problems] == [("`lang` has no key `de` to leave out", True)]


def test_a_chain_has_the_upstreams_keys_and_each(folder: Folder) -> None:
    graph = folder.expand(
        """
        jobs:
          b: {uses: dubformer.voices, for_each: "${{ jobs.a }}", needs: {a: submitted}}
          a: {uses: dubformer.voices, for_each: {product: {ep: [ep01], lang: [fr, de]}}}
        """
    ).graph

    chained = graph.instances["b/ep01/de"]
    assert chained.each is graph.instances["a/ep01/de"].each
    assert chained.keys == (("ep", "ep01"), ("lang", "de"))
    assert chained.needs == (Need("a/ep01/de", "submitted"),)


def test_a_dimension_may_chain_on_a_job(folder: Folder) -> None:
    graph = folder.expand(
        """
        jobs:
          a: {uses: dubformer.voices, for_each: [{id: ep01, title: T}]}
          b: {uses: dubformer.voices, for_each: {product: {ep: "${{ jobs.a }}", lang: [fr]}}}
        """
    ).graph

    made = graph.instances["b/ep01/fr"]
    assert made.each["ep"]["title"] == "T"
    assert made.needs == (Need("a/ep01"),)


def test_a_known_key_needs_one_instance_and_an_unknown_one_the_whole_job(folder: Folder) -> None:
    graph = folder.expand(
        """
        jobs:
          a: {uses: dubformer.voices, for_each: [x, y]}
          one: {uses: dubformer.voices, for_each: [x, y], with: {q: "${{ jobs.a[each.key].outputs.id }}"}}
          all: {uses: dubformer.voices, with: {q: {$each: "${{ jobs.a }}", $item: "${{ item.outputs.id }}"}}}
          late: {uses: dubformer.voices, with: {q: "${{ jobs.a[jobs.all.outputs.pick].outputs.id | default(1) }}"}}
        """
    ).graph

    assert graph.instances["one/y"].needs == (Need("a/y"),)
    assert graph.instances["all"].needs == (Need("a", gather=True),)
    assert set(graph.instances["late"].needs) == {Need("a", gather=True, tolerant=True), Need("all")}


def test_a_state_in_needs_holds_for_every_reference(folder: Folder) -> None:
    graph = folder.expand(
        """
        jobs:
          a: {uses: dubformer.voices}
          b: {uses: dubformer.voices, needs: {a: settled}, with: {q: "${{ jobs.a.outputs.id | default('') }}"}}
        """
    ).graph

    assert graph.instances["b"].needs == (Need("a", "settled"),)


def test_jobs_stand_behind_what_they_need(folder: Folder) -> None:
    graph = folder.expand(
        """
        jobs:
          c: {uses: dubformer.voices, needs: [b]}
          b: {uses: dubformer.voices, if: "${{ jobs.a.outputs.ok }}"}
          a: {uses: dubformer.voices}
        """
    ).graph

    assert list(graph.jobs) == ["a", "b", "c"]


def test_a_cycle_is_printed(folder: Folder) -> None:
    problems = folder.expand(
        """
        jobs:
          a: {uses: dubformer.voices, needs: [b]}
          b: {uses: dubformer.voices, save: {x: "${{ jobs.a.outputs.id }}"}}
        """
    ).problems

    assert [one.message for one in problems] == ["jobs wait for each other: a → b → a"]


def test_items_of_a_large_product_share_one_gather(folder: Folder) -> None:
    numbers = ", ".join(str(number) for number in range(100))
    graph = folder.expand(
        f"""
        vars: {{n: [{numbers}]}}
        jobs:
          a: {{uses: dubformer.voices, for_each: {{product: {{x: "${{{{ vars.n }}}}", y: "${{{{ vars.n }}}}"}}}}}}
          b: {{uses: dubformer.voices, for_each: "${{{{ vars.n }}}}", needs: [a]}}
        """
    ).graph

    assert len(graph) == 10_100
    assert len({id(one.needs[0]) for one in graph if one.job == "b"}) == 1


def test_vars_may_name_each_other_in_any_order(folder: Folder) -> None:
    expanded = folder.expand(
        """
        vars: {base: "${{ vars.cdn }}/s01", cdn: "https://${{ env.HOST }}"}
        jobs: {a: {uses: dubformer.voices, with: {q: "${{ vars.base }}"}}}
        """,
        {"HOST": "cdn"},
    )

    assert expanded.evaluator.inputs(expanded.graph.instances["a"], lambda _: None) == {
        "q": "https://cdn/s01"
    }
