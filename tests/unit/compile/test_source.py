"""YAML as runner reads it: what a scalar means, where it stands, and what is refused."""

import gc
from typing import Any

import pytest

from runner.compile.text.source import Source, parse_yaml


def read(text: str) -> Source:
    return parse_yaml(text, "m.yaml")


def value(text: str) -> Any:
    source = read(text)
    assert source.problems == ()
    return source.value


def complaints(text: str) -> list[str]:
    return [str(problem) for problem in read(text).problems]


@pytest.mark.parametrize(
    "text",
    [
        "no", "yes", "on", "off", "True", "NULL", "9:16", "00123", "0x1F", "0o17", "1_000", "+1", ".5", "5.",
        ".inf", ".nan", "1e3", "61e21", "-0", "2026-01-31", "2026-01-31 10:00:00", "1.2.3", "=", "-x", "1,5",
        "١٢٣",
    ],
)  # fmt: skip
def test_a_scalar_that_is_no_decimal_number_stays_text(text: str) -> None:
    assert value(f"a: {text}") == {"a": text}


@pytest.mark.parametrize(
    ("text", "meant"),
    [("0", 0), ("-7", -7), ("12", 12), ("1.5", 1.5), ("-0.25", -0.25), ("10.0", 10.0), ("true", True),
     ("false", False), ("null", None), ("~", None), ("", None)],
)  # fmt: skip
def test_numbers_truths_and_nothing_have_their_meaning(text: str, meant: object) -> None:
    found = value(f"a: {text}")["a"]

    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize("text", ["'12'", '"12"', "|-\n  12", ">-\n  12", "!!str 12"])
def test_what_is_quoted_or_a_block_is_text(text: str) -> None:
    assert value(f"a: {text}") == {"a": "12"}


def test_a_number_too_long_to_be_meant_as_one_stays_text() -> None:
    assert value(f"a: {'9' * 5000}") == {"a": "9" * 5000}


def test_keys_are_text_as_they_are_written() -> None:
    assert value("1: a\ntrue: b\n00: c\n'x': d") == {"1": "a", "true": "b", "00": "c", "x": "d"}


def test_a_core_tag_must_fit_its_value() -> None:
    assert value("a: !!float 2\nb: !!int 3") == {"a": 2.0, "b": 3}
    assert complaints("a: !!int no") == [
        "m.yaml:1:4: `no` is no !!int — remove the tag, or mend the value",
    ]


def test_other_tags_are_refused_and_nothing_is_constructed() -> None:
    assert complaints("a: !!python/object/apply:os.getcwd []\nb: !include x") == [
        "m.yaml:1:4: the tag `!!python/object/apply:os.getcwd` means nothing here — remove it",
        "m.yaml:2:4: the tag `!include` means nothing here — remove it",
    ]


def test_a_merge_yields_to_what_stands_beside_it() -> None:
    text = "base: &b {x: 1, y: 2}\nover: {y: 3, <<: *b}\nmany: {<<: [{x: 5}, *b]}"

    assert value(text)["over"] == {"x": 1, "y": 3}
    assert value(text)["many"] == {"x": 5, "y": 2}


def test_a_merge_key_in_quotes_is_a_key() -> None:
    assert value("a: {'<<': 1}") == {"a": {"<<": 1}}


def test_a_merge_of_something_else_is_a_problem() -> None:
    assert complaints("a: {<<: 3, b: 1}") == [
        "m.yaml:1:9: `<<` takes a mapping, or a list of mappings — "
        "write `<<: *name`, where `&name` marks a mapping",
    ]


def test_every_duplicate_key_is_told_with_its_first_line() -> None:
    assert complaints("a: 1\nb: {c: 1, c: 2}\na: 3\na: 4") == [
        "m.yaml:2:11: key `c` is given twice (first in line 2) — remove or rename one of them",
        "m.yaml:3:1: key `a` is given twice (first in line 1) — remove or rename one of them",
        "m.yaml:4:1: key `a` is given twice (first in line 1) — remove or rename one of them",
    ]


def test_a_duplicate_behind_an_alias_is_told_once() -> None:
    assert len(complaints("a: &x {c: 1, c: 2}\nb: *x\nd: [*x, *x]")) == 1


def test_duplicates_are_found_beside_a_merge() -> None:
    assert len(complaints("a: &x {c: 1}\nb: {<<: *x, d: 1, d: 2}")) == 1


def test_an_expression_cut_by_a_comment_is_its_own_problem_and_is_read_whole() -> None:
    source = read('a: ${{ each.title | default("no #1") }}\nb: 2')

    assert [str(problem) for problem in source.problems] == [
        "m.yaml:1:4: this expression is cut off: in YAML ` #` begins a comment — put the whole value in quotes"
    ]
    assert source.value == {"a": '${{ each.title | default("no #1") }}', "b": 2}


@pytest.mark.parametrize("text", ["a: ${{ x }} # said", "a: '${{ x #1 }}'", "a: |\n  ${{ x #1 }}\n"])
def test_a_comment_that_cuts_no_expression_is_fine(text: str) -> None:
    assert read(text).problems == ()


def test_unquoted_expressions_in_flow_collections_are_all_told_and_the_rest_is_read() -> None:
    source = read('a: {b: ${{ x | f(1, 2) }}, c: 3}\nd: [1, pre-${{ y["z"] }}]\ne: {k: 1, k: 2}')

    assert [str(problem) for problem in source.problems] == [
        'm.yaml:1:8: an expression inside `{ }` or `[ ]` must stand in quotes — write "${{ x | f(1, 2) }}"',
        "m.yaml:2:12: an expression inside `{ }` or `[ ]` must stand in quotes — write 'pre-${{ y[\"z\"] }}'",
        "m.yaml:3:11: key `k` is given twice (first in line 3) — remove or rename one of them",
    ]
    assert source.value["a"] == {"b": "${{ x | f(1, 2) }}", "c": 3}
    assert source.value["d"] == [1, 'pre-${{ y["z"] }}']


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a:\n\tb: 1", "2:1: a tab stands where YAML wants spaces — indent with spaces"),
        ("a:b\nc: 1", "1:2: a space is missing after this colon — write `key: value`"),
        ("a: b: c", "1:5: a second `: ` stands in this value — put the value in quotes"),
        ("a: 1\n  b: 2", "2:3: this line is indented deeper than the one above, which already has a value — "
                         "align it with the line above"),
        ("a: 1\nfoo\nb: 2", "2:1: this line is neither `key: value` nor `- item` — is a `: ` missing?"),
        ("foo\nb: 2", "1:1: this line is neither `key: value` nor `- item` — is a `: ` missing?"),
        ('a: "x\nb: 1', '1:4: this quote is not closed — close it with ", and write one inside the text as \\"'),
        ("a: 'it's'", "1:8: text stands behind a closed quote — put the whole value in one pair of quotes"),
        ('a: "\\q"', "1:5: a backslash with an unknown letter behind it — "
                     "use single quotes, or double the backslash"),
        ("a: @x", "1:4: a value cannot begin with @ — put the value in quotes"),
        ("a: *x", "1:4: the alias `*x` names no anchor — mark one with `&x` above, or quote the value"),
        ("a: &x 1\nb: &x 2", "2:4: this anchor was given before, in line 1 — rename one of them"),
        ("a: [1, 2\nb: 3", "1:4: this `[` is not closed — close it with `]`"),
        ("a: {b: 1 {}}", "1:10: a `,` or `}` is missing here — or put the value in quotes"),
        ("a: [1]]", "1:7: this `]` closes nothing — remove it, or put the value in quotes"),
        ("a: - b", "1:4: a list cannot begin in the line of its key — begin it in a new line, or write `[a, b]`"),
        ("{a: 1} b", "1:8: text stands behind a value that has ended — put the whole value in quotes"),
        ("a: {b:} c}", "1:6: a colon stands where none can — put the value in quotes"),
        ("a: > ${{ x }}", "1:6: text stands behind > in the same line — "
                          "begin it in the next line, or quote the value"),
        ("a: *", "1:4: a name is missing behind * — or quote the value"),
        ("  a: 1\nb: 2", "2:1: the indentation of this line fits nothing above it — "
                         "align it with the lines it belongs to"),
        (": b", "1:1: a key is missing before this colon — write `key: value`"),
        ("a: 1\n---\nb: 2", "2:1: a second document begins here; a file holds one — "
                            "remove the `---`, or split the file"),
        ("a: {{ x }}", "1:5: a list or mapping cannot be a key — an expression is written `${{ … }}`"),
        ("a: ${{ {'x': 1} }}", "1:12: an expression with `: ` in it must stand in quotes — "
                               "put the whole value in quotes"),
        ("a: {b: ${{ x }", "1:8: an expression inside `{ }` or `[ ]` must stand in quotes — "
                           "put it in quotes, and close it with `}}`"),
        ("a: x\x01y", "1:5: a character (U+0001) that YAML does not allow — delete it, and save the file as UTF-8"),
        ("jobs:\n  a:\n    uses: x\n   with: y",
         "4:4: the indentation of this line fits nothing above it (the block began in line 2) — "
         "align it with the lines it belongs to"),
    ],
)  # fmt: skip
def test_broken_yaml_is_told_in_plain_words_at_its_place(text: str, told: str) -> None:
    assert complaints(text) == [f"m.yaml:{told}"]


def test_a_problem_shows_its_line() -> None:
    (problem,) = read("x: 1\na: b: c\r\nz: 2").problems

    assert problem.source == "a: b: c"


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "x", "{a: " * 200 + "}" * 200])
def test_deep_nesting_is_refused_before_it_can_do_harm(text: str) -> None:
    (problem,) = read(text).problems

    assert problem.message == "nested deeper than 100 levels"


def test_nesting_in_block_style_counts_like_any_other() -> None:
    text = "".join(" " * level + "a:\n" for level in range(150))

    assert [problem.code for problem in read(text).problems] == ["too-deep"]


def test_many_brackets_in_texts_are_no_nesting() -> None:
    assert value("a: " + "'[[[['\nb: " + "'" + "[" * 500 + "'") == {"a": "[[[[", "b": "[" * 500}


def test_an_alias_bomb_is_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    source = read("\n".join(lines))

    assert [problem.code for problem in source.problems] == ["alias-bomb"]
    assert source.value is None


def test_an_alias_that_contains_itself_is_refused() -> None:
    assert [problem.code for problem in read("a: &a [*a]").problems] == ["too-deep"]


def test_a_huge_text_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.compile.text.source.LARGEST", 10)

    (problem,) = read("a: 1234567890").problems

    assert problem.message == "the file holds 13 characters; at most 10 are read"


def test_the_place_of_an_entry_is_its_value_and_of_a_key_its_key() -> None:
    source = read("jobs:\n  dub:\n    uses: x.y\n    list: [1, {k: v}]\n    empty:\n")

    assert str(source.place(("jobs", "dub", "uses"))[0]) == "m.yaml:3:11"
    assert str(source.key_place(("jobs", "dub", "uses"))[0]) == "m.yaml:3:5"
    assert str(source.place(("jobs", "dub", "list", 1, "k"))[0]) == "m.yaml:4:19"
    assert str(source.key_place(("jobs", "dub", "list", 1))[0]) == "m.yaml:4:15"
    assert str(source.place(("jobs", "dub", "empty"))[0]) == "m.yaml:5:5"
    assert source.place(("jobs", "dub", "uses"))[1] == "    uses: x.y"


def test_the_place_of_a_block_below_its_key_is_the_key() -> None:
    source = read("jobs:\n  dub:\n    with:\n      - a\n    list: [1,\n      2]\n")

    assert str(source.place(("jobs",))[0]) == "m.yaml:1:1"
    assert str(source.place(("jobs", "dub", "with"))[0]) == "m.yaml:3:5"
    assert str(source.place(("jobs", "dub", "with", 0))[0]) == "m.yaml:4:9"
    assert str(source.place(("jobs", "dub", "list"))[0]) == "m.yaml:5:11"


def test_the_place_of_a_merged_entry_is_where_it_was_written() -> None:
    source = read("x: &x\n  a: 1\n  b: 2\ny:\n  <<: *x\n  b: 3\n")

    assert source.place(("y", "a"))[0].line == 2
    assert source.place(("y", "b"))[0].line == 6


def test_a_path_that_leads_nowhere_has_the_place_of_its_nearest_ancestor() -> None:
    source = read("a:\n  b: {c: 1}\n")

    assert source.place(("a", "b", "x", 3))[0] == source.place(("a", "b"))[0]
    assert source.place(())[0].line == 1


def test_a_document_that_could_not_be_read_has_the_file_as_its_place() -> None:
    assert str(read("a: 'b").place(("a",))[0]) == "m.yaml"


def test_places_in_a_large_document_are_found_though_its_nodes_are_not_kept() -> None:
    source = read("".join(f"k{n}: {{v: {n}}}\n" for n in range(100_000)))

    assert source.value["k99999"] == {"v": 99999}
    assert source.place(("k99999", "v"))[0].line == 100_000


def test_columns_count_characters() -> None:
    assert read("ä: [é, 'ß', x: {y: 1, y: 2}]").problems[0].where.column == 23


def test_the_collector_is_as_it_was_before() -> None:
    read("a: 1")
    was_on = gc.isenabled()
    gc.disable()
    try:
        read("a: 1")
        stays_off = not gc.isenabled()
    finally:
        gc.enable()

    assert (was_on, stays_off) == (True, True)


def test_the_digest_follows_the_text() -> None:
    assert read("a: 1").digest != read("a: 2").digest
    assert read("a: 1").digest == parse_yaml("a: 1", "other.yaml").digest
