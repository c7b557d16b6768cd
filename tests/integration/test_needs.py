"""What waits for what: levels, conditions, tolerance, replaced upstreams, turns, and the API's own validation."""

from applying import SEASON
from seasons import FIX

NEXT = """\
  next:
    uses: dubformer.project
    for_each: ${{ jobs.dub }}
    with: {name: "next ${{ each.id }}", source_lang: en, target_lang: de-DE,
           source_video_url: "https://cdn.example.com/next-${{ each.id }}.mp4?minutes=1"}
"""


def told(err: str) -> list[tuple[str, str]]:
    """(what, address) of each line of progress."""
    return [(words[1], words[2]) for words in map(str.split, err.splitlines()) if len(words) > 2]


def test_submitted_is_reached_before_the_work_is_ready(stage) -> None:
    season = stage(SEASON + NEXT.replace("    with:", "    needs: {dub: submitted}\n    with:"), speed=200.0)

    ended = season.apply()

    assert ended.code == 0, ended.all
    lines = told(ended.err)
    assert lines.index(("accepted", "dub/e1")) < lines.index(("sending", "next/e1"))
    assert lines.index(("sending", "next/e1")) < lines.index(("ready", "dub/e1"))


def test_ready_is_the_default(stage) -> None:
    season = stage(SEASON + NEXT.replace("    with:", "    needs: [dub]\n    with:"))

    ended = season.apply()

    assert ended.code == 0, ended.all
    lines = told(ended.err)
    assert lines.index(("ready", "dub/e1")) < lines.index(("sending", "next/e1"))


def test_settled_is_reached_whatever_came_of_it(stage) -> None:
    season = stage(
        SEASON + NEXT.replace("    with:", "    needs: {dub: settled}\n    with:"), ids=("e1", "fail")
    )
    season.change("next-${{ each.id }}.mp4", "next-${{ each.index }}.mp4")

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.paid() == {"e1": 1, "fail": 1, "next e1": 1, "next fail": 1}, ended.all


def test_if_false_skips_it_and_what_does_not_tolerate_that(stage) -> None:
    season = stage(
        SEASON.replace("    with:\n", "    if: ${{ each.id != 'e2' }}\n    with:\n", 1)
        + NEXT.replace(
            "cdn.example.com/next-${{ each.id }}", "cdn.example.com/${{ jobs.dub[each.key].outputs.id }}"
        ),
    )

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 1, "next e1": 1}


def test_a_reference_with_a_default_tolerates_a_failure(stage) -> None:
    season = stage(
        SEASON
        + NEXT.replace("${{ jobs.dub }}", "${{ data.episodes }}").replace(
            "cdn.example.com/next-${{ each.id }}",
            "cdn.example.com/${{ jobs.dub[each.key].outputs.completion_date | default('none') }}",
        ),
        ids=("e1", "fail"),
    )

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.paid() == {"e1": 1, "fail": 1, "next e1": 1, "next fail": 1}, ended.all


def test_behind_a_replaced_upstream_what_does_not_change_is_not_paid_again(stage) -> None:
    text = SEASON + NEXT.replace(
        "cdn.example.com/next-${{ each.id }}", "cdn.example.com/${{ jobs.dub[each.key].outputs.name }}"
    )
    season = stage(text, ids=("e1",))
    season.apply()
    season.change("target_lang: fr-FR", "target_lang: es-ES")

    ended = season.apply("--replace", "dub/*")

    assert ended.code == 0, ended.all
    assert "replace?" in ended.out
    assert season.paid() == {"e1": 2, "next e1": 1}


def test_behind_a_replaced_upstream_what_changes_waits_for_consent(stage) -> None:
    text = SEASON + NEXT.replace(
        "https://cdn.example.com/next-${{ each.id }}.mp4?minutes=1",
        "${{ jobs.dub[each.key].outputs.output_video_url }}",
    )
    season = stage(text, ids=("e1",))
    season.apply()
    season.change("target_lang: fr-FR", "target_lang: es-ES")

    blocked = season.apply("--replace", "dub/*")
    paid = season.paid()
    ended = season.apply("--replace", "next/*")

    assert blocked.code == 7, blocked.all
    assert paid == {"e1": 2, "next e1": 1}
    assert "--replace 'next/e1'" in blocked.out
    assert ended.code == 0, ended.all
    assert season.paid() == {"e1": 2, "next e1": 2}


def test_two_translations_of_one_project_take_turns(stage) -> None:
    season = stage(SEASON + FIX + FIX.replace("  fix:", "  again:").replace("Encore", "Bis"), ids=("e1",))

    ended = season.apply()

    assert ended.code == 0, ended.all
    turns = [what for what in told(ended.err) if what[1] in ("fix/e1", "again/e1")]
    order = [what for what in turns if what[0] in ("sending", "ready")]
    assert [what for what, _ in order] == ["sending", "ready", "sending", "ready"], ended.all
    assert season.changing()["dubformer.createTranslation"] == 2


def test_translations_that_wait_for_their_turn_are_sent_by_the_next_run(stage) -> None:
    season = stage(SEASON + FIX + FIX.replace("  fix:", "  again:").replace("Encore", "Bis"), ids=("e1",))
    season.apply("--target", "dub/*")

    first = season.apply("--no-wait")
    codes = [season.apply().code for _ in range(2)]

    assert first.code == 0, first.all
    assert codes[-1] == 0
    assert season.changing()["dubformer.createTranslation"] == 2


def test_a_lost_answer_of_a_translation_is_told_by_what_has_changed(stage) -> None:
    season = stage(SEASON + FIX, ids=("e1",))
    for rule in ({"drop": "before"}, {"drop": "after"}):
        season.faults(
            {"match": {"operation": "createTranslation"}, "times": 1, "do": rule}, idempotency="ignore"
        )

        ended = season.apply()

        assert ended.code == 0, ended.all
        season.change("Encore", f"After {rule['drop']}") if rule["drop"] == "before" else None
    rows = [row for row in season.sandbox.ledger() if row["operation"] == "createTranslation"]
    assert len(rows) == 2
    assert season.phases() == {"dub/e1": "ready", "fix/e1": "ready"}


def test_what_the_api_itself_would_refuse_is_blocked_before_it_is_sent(stage) -> None:
    season = stage(SEASON + FIX.replace("soundalike", "nobody"), ids=("e1",))

    ended = season.apply()

    assert ended.code == 7, ended.all
    assert "would refuse it" in ended.out
    assert "dubformer.createTranslation" not in season.changing()
    season.change("nobody", "soundalike")
    assert season.apply().code == 0


def test_a_voice_that_no_lookup_knows_is_found_before_anything_is_paid(stage) -> None:
    voices = """\
  voices: {uses: dubformer.voices}
"""
    season = stage(
        SEASON
        + voices
        + FIX.replace(
            '"soundalike"', "\"${{ (jobs.voices.outputs.voices['fr-FR'] | one(name='Nobody')).voice_key }}\""
        ),
        ids=("e1",),
    )

    ended = season.apply()

    assert ended.code in (3, 7), ended.all
    assert "Nobody" in ended.out
    assert season.changing().get("dubformer.createTranslation", 0) == 0
