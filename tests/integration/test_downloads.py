"""Files: fetched again when they are missing, never over somebody else's, never outside the folder."""

import pytest
from applying import SEASON
from seasons import FIX

MEDIA = {"provider": "media", "operation": "getResult"}


def test_a_missing_file_is_fetched_again_and_costs_nothing(stage) -> None:
    season = stage()
    season.apply()
    before = season.changing()
    content = (season.folder / "out/e1.mp4").read_bytes()
    (season.folder / "out/e1.mp4").unlink()

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert "1 to download" in ended.out
    assert (season.folder / "out/e1.mp4").read_bytes() == content
    assert season.changing() == before


def test_a_file_that_somebody_changed_is_fetched_again(stage) -> None:
    season = stage()
    season.apply()
    content = (season.folder / "out/e1.mp4").read_bytes()
    (season.folder / "out/e1.mp4").write_bytes(content[:-1])

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert (season.folder / "out/e1.mp4").read_bytes() == content


def test_a_foreign_file_blocks_that_download_only(stage) -> None:
    season = stage()
    season.write("out/e1.mp4", "mine")

    ended = season.apply()
    held = (season.folder / "out/e1.mp4").read_text()
    over = season.apply("--overwrite")

    assert ended.code == 1, ended.all
    assert held == "mine"
    assert "--overwrite" in ended.out
    assert (season.folder / "out/e2.mp4").stat().st_size > 4
    assert season.phases() == {"dub/e1": "ready", "dub/e2": "ready"}
    assert over.code == 0, over.all
    assert (season.folder / "out/e1.mp4").stat().st_size > 4
    assert season.paid() == {"e1": 1, "e2": 1}


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_renewed_through_the_api(stage, status) -> None:
    season = stage(ids=("e1",))
    season.faults({"match": MEDIA, "times": 1, "do": {"status": status}})

    ended = season.apply()

    assert ended.code == 0, ended.all
    assert season.saved() == {"out/e1.mp4"}


@pytest.mark.parametrize(
    "deed", [{"truncate": True}, {"drop": "before"}, {"status": 503}, {"slow": 0.3}], ids=str
)
def test_a_download_that_breaks_off_is_begun_again(stage, deed) -> None:
    season = stage(ids=("e1",))
    season.faults({"match": MEDIA, "times": 1, "do": deed})

    ended = season.apply()

    assert ended.code == 0, ended.all
    whole = (season.folder / "out/e1.mp4").read_bytes()
    season.faults()
    (season.folder / "out/e1.mp4").unlink()
    season.apply()
    assert (season.folder / "out/e1.mp4").read_bytes() == whole


def test_a_download_that_cannot_be_had_leaves_the_work_ready_and_is_tried_by_the_next_apply(stage) -> None:
    season = stage()
    season.faults({"match": MEDIA | {"path": "*10001-*"}, "times": 100, "do": {"status": 404}})

    first = season.apply()
    season.faults()
    second = season.apply()

    assert first.code == 1, first.all
    assert len(season.saved()) == 2
    assert set(season.phases().values()) == {"ready"}
    assert second.code == 0, second.all
    assert "1 to download" in second.out
    assert season.paid() == {"e1": 1, "e2": 1}


def test_no_partial_file_is_left_beside_the_whole_one(stage) -> None:
    season = stage(ids=("e1",))
    season.faults({"match": MEDIA, "times": 2, "do": {"truncate": True}})

    season.apply()

    assert [path.name for path in (season.folder / "out").iterdir()] == ["e1.mp4"]


@pytest.mark.parametrize("path", ["../e1.mp4", "/tmp/e1.mp4", "out/../../e1.mp4"])
def test_a_path_that_leads_out_of_the_folder_is_refused_before_paying(stage, path) -> None:
    season = stage(SEASON.replace("out/${{ each.key }}.mp4", path), ids=("e1",))

    ended = season.apply()

    assert ended.code == 3, ended.all
    assert season.paid() == {}


@pytest.mark.parametrize("cell", ["../x", "a/../../x", "/tmp/x"])
def test_a_path_from_data_that_leads_out_is_refused_before_paying(stage, cell) -> None:
    season = stage(SEASON.replace("out/${{ each.key }}.mp4", "${{ each.where }}.mp4"))
    season.write("episodes.csv", f"id,where\ne1,out/e1\ne2,{cell}\n")

    ended = season.apply()

    assert ended.code == 3, ended.all
    assert season.paid() == {}
    assert "e2" in ended.all


def test_a_path_that_only_an_answer_tells_is_refused_before_paying(stage) -> None:
    text = SEASON.replace("out/${{ each.key }}.mp4", "${{ jobs.first[each.key].outputs.name }}.mp4").replace(
        "  dub:\n",
        """\
  first:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with: {name: "../${{ each.id }}", source_lang: en, target_lang: fr-FR,
           source_video_url: "https://cdn.example.com/${{ each.id }}.mp4"}
  dub:
""",
    )
    season = stage(text, ids=("e1",))

    ended = season.apply()

    assert ended.code == 1, ended.all
    assert season.paid() == {"../e1": 1}
    assert not (season.folder.parent / "e1.mp4").exists()
    assert "the path leads out of the manifest's folder" in ended.out, ended.all


def test_the_files_of_a_dub_are_saved_before_it_is_translated_again(stage) -> None:
    season = stage(SEASON + FIX, ids=("e1",))
    season.faults({"match": MEDIA, "times": 1, "do": {"slow": 0.4}})

    ended = season.apply()

    assert ended.code == 0, ended.all
    told = [line.split()[1:3] for line in ended.err.splitlines()]
    assert told.index(["saved", "dub/e1"]) < told.index(["sending", "fix/e1"]), ended.all


def test_a_dub_whose_file_cannot_be_had_is_not_translated_again(stage) -> None:
    season = stage(SEASON + FIX, ids=("e1",))
    season.faults({"match": MEDIA, "times": 100, "do": {"status": 404}})

    ended = season.apply()
    calls = season.changing().get("dubformer.createTranslation", 0)
    season.faults()
    again = season.apply()

    assert ended.code == 1, ended.all
    assert calls == 0
    assert "not here yet" in ended.out
    assert again.code == 0, again.all
    assert season.changing()["dubformer.createTranslation"] == 1


def test_a_link_that_cannot_be_asked_after_an_import_troubles_that_file_only(stage) -> None:
    season = stage()
    season.apply()
    season.lose_state()
    season.run("import", "--match", "*")
    season.faults({"match": MEDIA | {"path": "*10001-*"}, "times": 100, "do": {"drop": "before"}})

    ended = season.apply()
    season.faults()

    assert ended.code == 1, ended.all
    assert season.apply().code == 0
