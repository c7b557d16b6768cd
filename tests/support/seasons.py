"""Pieces of manifests that many tests are made of: put together, they are a season."""

HEAD = """\
version: 1
name: season
data: {episodes: {file: episodes.csv}}
"""

DUBFORMER = """\
  dubformer:
    base_url: ${{ env.DUBFORMER_URL }}
    auth: {token: "${{ env.DUBFORMER_TOKEN }}"}
    settle: {effect: 1s, lag: 200ms}
"""
REVOICE = """\
  revoice:
    base_url: ${{ env.REVOICE_URL }}
    auth: {client_id: "${{ env.REVOICE_ID }}", client_secret: "${{ env.REVOICE_SECRET }}"}
    settle: {effect: 1s, lag: 200ms}
"""
"""Providers whose addresses the environment names, as for an account of one's own; they stand below `providers:`."""

DUB = """\
  dub:
    uses: dubformer.project
    for_each: ${{ data.episodes }}
    with:
      name: ${{ each.id }}
      source_lang: en
      target_lang: fr-FR
      source_video_url: https://cdn.example.com/${{ each.id }}.mp4?minutes=3
    save: {video: "out/${{ each.key }}.mp4"}
"""
"""One dub an episode; jobs stand below `jobs:`."""

DUB_FROM_MEDIA = DUB.replace("https://cdn.example.com/", "${{ env.MEDIA_URL }}")
"""The same of videos that the sandbox serves."""

FIX = """\
  fix:
    uses: dubformer.translation
    for_each: ${{ jobs.dub }}
    with:
      id: ${{ jobs.dub[each.key].outputs.id }}
      target_script: [{start_ms: 100, end_ms: 900, text: "Encore", speaker_id: 1}]
      target_speakers: [{speaker_id: 1, voice_key: "soundalike", style: feminine}]
"""
"""A translation anew of each dub."""

AGAIN = """\
  again:
    uses: dubformer.project
    for_each: ${{ jobs.dub }}
    with:
      name: again ${{ each.id }}
      source_lang: fr
      target_lang: de-DE
      source_video_url: ${{ jobs.dub[each.key].outputs.output_video_url }}
"""
"""A dub of each dub."""

SCRIPT_AND_BATCH = """\
  script:
    uses: workbook.file
    for_each: ${{ data.episodes }}
    with:
      template: revoice-production
      rows: [{ID: "${{ each.id }}", "Text_FR-FR": "Bonjour"}]
  batch:
    uses: revoice.batch
    bulk: true
    for_each: ${{ jobs.script }}
    with:
      projectId: 6f1c2b1e
      name: batch ${{ each.id }}
      scriptPath: ${{ jobs.script[each.key].outputs.url }}
"""
"""A workbook an episode, published, and a row of one bulk request for each."""
