"""Nine bad days: what is typed, what is printed, and what was paid.

The texts are tests/cases/days/*.txt; with RUNNER_UPDATE_CASES=1 they are written anew: read what they then say.
"""

from applying import Stage, captured
from days import Day
from failing import start, until

LANGUAGES = ("fr-FR", "de-DE", "es-ES", "it-IT", "pl-PL", "pt-BR", "nl-NL", "ja-JP")

DUB = """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
jobs:
  dub:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    labels: {episode: "${{ each.key }}"}
    with:
      name: Season ${{ each.title }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/${{ each.title }}.mp4?minutes=3
    cost: {minutes: 3}
    save: {video: "out/${{ each.key }}.mp4"}
"""

MANY = """\
version: 1
name: season
vars: {languages: [LANGUAGES]}
data: {episodes: {file: episodes.csv}}
jobs:
  dub:
    uses: dubformer.project
    for_each: {product: {episode: "${{ data.episodes }}", lang: "${{ vars.languages }}"}}
    with:
      name: ${{ each.episode.id }} ${{ each.lang }}
      source_lang: en
      target_lang: ${{ each.lang }}
      source_video_url: https://cdn.example.com/${{ each.episode.id }}.mp4?minutes=3
      glossary_content: ${{ file("glossary." + each.lang + ".txt") }}
    cost: {minutes: 3}
""".replace("LANGUAGES", ", ".join(LANGUAGES))

VOICED = """\
  voices:
    uses: dubformer.voices
  fix:
    uses: dubformer.translation
    for_each: ${{ data.episodes }}
    with:
      id: ${{ jobs.dub[each.key].outputs.id }}
      target_script: [{start_ms: 0, end_ms: 900, text: "${{ each.title }}", speaker_id: 1}]
      target_speakers:
        - speaker_id: 1
          voice_key: ${{ (jobs.voices.outputs.voices["fr-FR"] | one(name="Rachel")).voice_key }}
          style: feminine
    save: {video: "out/${{ each.key }}-fixed.mp4"}
"""


def titles(**rows: str) -> str:
    return "id,title\n" + "".join(f"{id},{title}\n" for id, title in rows.items())


def dubs(stage, count: int, manifest: str = DUB) -> Stage:
    season: Stage = stage(manifest)
    season.write("episodes.csv", titles(**{f"e{number}": f"Part {number}" for number in range(1, count + 1)}))
    return season


def test_a_typo_in_one_glossary_after_200_of_240_are_done(stage) -> None:
    day = Day("glossary-typo", "A typo in one glossary after 200 of 240 are done.")
    season = stage(MANY, ids=tuple(f"ep{number:02}" for number in range(1, 31)), speed=12000.0)
    for language in LANGUAGES:
        season.write(f"glossary.{language}.txt", "Ella\tElla\nharbour\tprot\n")
    assert season.apply("--limit", "200").code == 0
    season.write("glossary.fr-FR.txt", "Ella\tElla\nharbour\tport\n")
    day.remark("glossary.fr-FR.txt is corrected.")

    day.types(season, "plan")
    day.types(season, "apply", "--auto-approve")
    assert day.pays(season) == 240
    day.types(season, "apply", "--auto-approve", "--replace", "dub/ep01/fr-FR")
    assert day.pays(season) == 241
    day.types(season, "accept", "dub/*/fr-FR")
    day.types(season, "plan")

    assert day.pays(season) == 241
    day.ends()


def test_three_rows_added_and_one_renamed(stage) -> None:
    day = Day("rows-added", "Three rows added to the table, and one renamed.")
    season = dubs(stage, 3)
    assert season.apply().code == 0
    rows = {"e1": "Part 1", "e02": "Part 2", "e3": "Part 3", "e4": "Part 4", "e5": "Part 5", "e6": "Part 6"}
    season.write("episodes.csv", titles(**rows))
    day.remark("e2 is called e02 now; e4, e5 and e6 are new.")

    day.types(season, "plan")
    day.types(season, "apply", "--auto-approve")
    day.types(season, "state", "mv", "dub/e2", "dub/e02")
    day.types(season, "apply", "--auto-approve")

    assert day.pays(season) == 6
    day.ends()


def test_two_results_lost_by_the_api(stage) -> None:
    day = Day("results-lost", "Two results are lost by the API; the file of one of them is lost here, too.")
    season = dubs(stage, 4)
    assert season.apply().code == 0
    for address in ("dub/e1", "dub/e2"):
        season.ask("DELETE", f"/api/v1/projects/{season.state().instances[address].id}")
    (season.folder / "out/e2.mp4").unlink()

    day.types(season, "refresh")
    day.types(season, "apply", "--auto-approve")
    assert day.pays(season) == 4
    day.types(season, "apply", "--auto-approve", "--replace", "dub/e2")

    day.types(season, "plan")
    assert day.pays(season) == 5
    day.ends()


def test_the_laptop_is_lost(stage) -> None:
    day = Day("laptop-lost", "The laptop is lost, with the state and the files; the manifest lies in git.")
    season = dubs(stage, 3)
    assert season.apply().code == 0
    season.lose_state()
    for file in (season.folder / "out").iterdir():
        file.unlink()

    day.types(season, "apply", "--auto-approve")
    day.types(season, "import", "--match", "dub/*")
    day.types(season, "apply", "--auto-approve")
    day.types(season, "plan")

    assert day.pays(season) == 3
    day.ends()


def test_a_colleague_applies_at_the_same_time(stage) -> None:
    day = Day("colleague", "A colleague applies at the same time.")
    season = dubs(stage, 2)
    season.faults(endless="*")
    options = ["--sandbox", "--auto-approve", "--speed", str(season.speed)]
    other = start("apply", "-f", str(season.file), *options, cwd=season.folder)
    until(lambda: len(season.sandbox.ledger()) == 2, "the orders")

    day.types(season, "apply", "--auto-approve", hear="in use")
    season.faults()
    day.remark("The colleague's work goes on, and ends.")
    day.types(season, "apply", "--auto-approve", "--lock-timeout", "60s")
    other.communicate(timeout=60)

    assert other.returncode == 0
    assert day.pays(season) == 2
    day.ends()


def test_out_of_minutes(stage) -> None:
    day = Day("out-of-minutes", "The account has 7 minutes, and the work needs 12.")
    season = dubs(stage, 4, DUB.replace("jobs:", "providers: {dubformer: {max_in_flight: 1}}\njobs:"))
    season.faults(balance=7)

    day.types(season, "plan")
    day.types(season, "apply", "--auto-approve")
    assert day.pays(season) == 2
    season.faults(balance=100)
    day.remark("Somebody buys 100 minutes.")
    day.types(season, "apply", "--auto-approve")

    assert day.pays(season) == 4
    day.ends()


def test_a_voice_is_withdrawn(stage) -> None:
    day = Day("voice-withdrawn", "The voice Rachel is withdrawn after e1 was made with it; then e2 is added.")
    season = dubs(stage, 1, DUB + VOICED)
    assert season.apply().code == 0
    season.faults(withdrawn="Rachel")

    day.types(season, "refresh", "voices")
    day.types(season, "plan")
    season.write("episodes.csv", titles(e1="Part 1", e2="Part 2"))
    day.remark("e2 is added to the table.")
    day.types(season, "plan")
    day.types(season, "apply", "--auto-approve")

    assert day.pays(season) == 2
    day.ends()


def test_the_cost_of_one_episode(stage) -> None:
    day = Day("cost", "Somebody asks what one episode cost; it was made twice.")
    season = dubs(stage, 2)
    assert season.apply().code == 0
    season.write("episodes.csv", titles(e1="Part 1 again", e2="Part 2"))
    assert season.apply("--replace", "dub/e1").code == 0

    day.types(season, "report", "cost", "--by", "label.episode")
    day.types(season, "report", "cost", "--by", "label.episode", "--csv")

    assert day.pays(season) == 3
    day.ends()


def test_a_plan_from_a_fork(stage, monkeypatch) -> None:
    day = Day("fork", "A pull request from a fork: no secrets, no state; CI plans all the same.")
    secret = 'providers: {dubformer: {auth: {token: "${{ env.SEASON_TOKEN }}"}}}\njobs:'
    season = dubs(stage, 3, DUB.replace("jobs:", secret))
    monkeypatch.delenv("SEASON_TOKEN", raising=False)
    asked = sum(season.sandbox.requests().values())

    for words in (("plan",), ("plan", "--offline")):
        ended = captured([*words, "-f", str(season.file)])
        day.tells(season.folder, words, ended, hear=" ")

    assert sum(season.sandbox.requests().values()) == asked
    assert not season.database.exists()
    assert day.pays(season) == 0
    day.ends()
