"""What the fuzzer finds in the sandbox: credentials that are good now, and things of each provider to ask about."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from fuzz_documents import Known
from openpyxl import Workbook

from runner.sandbox.ground.film import sound
from runner.sandbox.respeecher.catalogue import USER
from runner.sandbox.respeecher.session import PASSWORD
from runner.sandbox.serve import Sandbox

_FRESH = 5.0
"""Real seconds after which ReVoice's token is got anew."""

_PATIENCE = 20.0

MEANT = "http://127.0.0.1:9/nobody-listens"
"""A URL for notifications."""


class Account:
    """An account at a provider of the sandbox."""

    def __init__(self, provider: str, sandbox: Sandbox, http: httpx.Client) -> None:
        self.provider = provider
        self.sandbox = sandbox
        self.base_url = sandbox.base_urls[provider]
        self._http = http
        self._headers: dict[str, str] = {}
        self._until = 0.0

    def headers(self) -> dict[str, str]:
        """The headers that identify it."""
        if time.monotonic() > self._until:
            self._headers = self._credentials()
            self._until = time.monotonic() + _FRESH
        return self._headers

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A successful answer."""
        answer = self._http.request(method, self.base_url + path, headers=self.headers(), **more)
        assert answer.is_success, answer.text
        return answer

    def made(self, path: str, **fields: Any) -> Any:
        """What a POST of these fields as JSON answers."""
        return self.ask("POST", path, json=fields).json()

    def _credentials(self) -> dict[str, str]:
        held = self.sandbox.credentials[self.provider]
        match self.provider:
            case "revoice":
                asked = {"clientId": held["client_id"], "clientSecret": held["client_secret"]}
                tokens = self._http.post(f"{self.base_url}/auth/token", json=asked).json()
                return {"Authorization": f"Bearer {tokens['accessToken']}"}
            case "respeecher":
                return {"api-key": held["api_key"]}
            case "rev":
                return {"Authorization": f"Rev {held['client_key']}:{held['user_key']}"}
        return {"Authorization": f"Bearer {held['token']}"}


def furnished(account: Account, files: Path) -> Known:
    """Makes things, and tells the values by which a request may name them. `files` is what the sandbox serves."""
    return _FURNISH[account.provider](account, files)


def _dubformer(account: Account, files: Path) -> Known:
    film = f"{account.sandbox.media_url}film.mp4"
    wanted = {"source_lang": "en", "source_video_url": film}
    ids = [
        account.made("/api/v1/projects", name=f"Film {lang}", target_lang=lang, **wanted)["project_id"]
        for lang in ("fr-FR", "en-US", "fr-FR")
    ]
    return {
        "id": ids,
        "source_lang": ["en"],
        "target_lang": ["fr-FR", "en-US"],
        "source_video_url": [film, film.replace(".mp4", ".broken")],
        "start_ms": [0],
        "end_ms": [1500],
        "text": ["Bonjour."],
        "speaker_id": [1],
        "voice_key": ["voice:Rachel", "soundalike"],
    }


def _revoice(account: Account, files: Path) -> Known:
    script = "https://files.example.com/script.xlsx"
    (files / "bulk.xlsx").write_bytes(_bulk(script))
    bulk = f"{account.sandbox.files_url}bulk.xlsx"
    projects = {
        kind: account.made(
            "/projects", name=kind, type=kind, model="xpressive", targetLanguages=["fr-fr", "de-de"]
        )["id"]
        for kind in ("line-dubbing", "media-dubbing")
    }
    line = projects["line-dubbing"]
    batches = [
        account.made(f"/projects/{line}/batches", name=name, scriptPath=script)["id"]
        for name in ("Lines", "Lines that fail", "More lines")
    ]
    request = account.made(f"/projects/{line}/batches/bulk", scriptPath=bulk)["requestId"]
    tokens = account.made("/auth/token", **_revoice_login(account))
    return {
        "projectId": list(projects.values()),
        "batchId": batches,
        "requestId": [request],
        "scriptPath": [script],
        "NewBulk.scriptPath": [bulk],
        "videoPath": ["files/video/myFile.mp4"],
        "assignMember.languageId": ["fr-fr"],
        "addLanguages.languageId": ["it-it", "ja-jp"],
        "languageCode": ["fr-fr"],
        "targetLanguages": [["fr-fr"], ["de-de", "it-it"]],
        "sourceLanguage": ["en-us"],
        "model": ["xpressive"],
        "batchIds": [[batches[-1]]],
        "paths": [["files/audio/myFile.wav"]],
        "contentType": ["audio/wav", "video/mp4"],
        "refreshToken": [tokens["refreshToken"]],
        **{name: [value] for name, value in _revoice_login(account).items()},
    }


def _revoice_login(account: Account) -> dict[str, str]:
    held = account.sandbox.credentials["revoice"]
    return {"clientId": held["client_id"], "clientSecret": held["client_secret"]}


def _bulk(script: str) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.append(["batch_name", "script_path"])
    for name in ("Row 1", "Row 2 fail-row", "Row 3"):
        sheet.append([name, script])
    written = io.BytesIO()
    workbook.save(written)
    return written.getvalue()


def _blurb(account: Account, files: Path) -> Known:
    picture, song = "https://files.example.com/cover.png", "https://files.example.com/song.mp3"
    artist = account.made("/v1/artists", name="Artist")["data"]["artistId"]
    bundle = account.made("/v1/mediaBundles", name="Album", artistId=artist)["data"]["mediaBundleId"]
    media = account.made("/v1/media", name="Song", mediaBundleId=bundle)["data"]["mediaId"]
    things = {"artist": artist, "mediaBundle": bundle, "media": media}
    renders = [{"contentId": "BASE_BASIC_UNIFIED"}, {"contentId": "will-fail"}]
    batches = [
        account.made("/v1/batches", renders=wanted, **things)["data"]["batchId"]
        for wanted in (renders, renders[:1])
    ]
    return {
        "batchId": batches,
        "mediaBundleId": [bundle],
        "mediaId": [media],
        "artistId": [artist],
        **{name: [id] for name, id in things.items()},
        "artworkUrl": [picture],
        "audioUrl": [song],
        "webhookUrl": [MEANT],
        "contentId": ["BASE_BASIC_UNIFIED", "will-fail"],
    }


def _rev(account: Account, files: Path) -> Known:
    link = "https://www.youtube.com/watch?v=UF8uR6Z6KLc"
    sent = account.ask("POST", "/api/v1/inputs", json={"url": "https://files.example.com/talk.mp3"})
    uri = sent.headers["Location"]
    wanted: tuple[dict[str, Any], ...] = (
        {"automated_transcription_options": {"inputs": [{"uri": uri}]}, "client_ref": "one"},
        {"transcription_options": {"inputs": [{"external_link": link}]}},
        {"caption_options": {"inputs": [{"external_link": link}], "subtitle_languages": ["es-es"]}},
    )
    orders = [_last(account.ask("POST", "/api/v1/orders", json=each)) for each in wanted]
    attachments: list[str] = []
    for order in orders:
        told = _ended(account, order)
        attachments += [each["id"] for each in told["attachments"]]
    return {
        "ordernum": orders,
        "order_num": orders,
        "ids": [orders, orders[:1]],
        "clientRef": ["one"],
        "id": attachments,
        "uri": [uri],
        "external_link": [link, "https://files.example.com/talk.mp3"],
        "url": [MEANT],
        "workspace_id": [123456789],
        "Content-Disposition": ['attachment; filename="talk.mp3"'],
    }


def _ended(account: Account, order: str) -> Any:
    def told() -> Any:
        return account.ask("GET", f"/api/v1/orders/{order}").json()

    _until(lambda: told()["status"] == "Complete")
    return told()


def _last(answer: httpx.Response) -> str:
    return answer.headers["Location"].rpartition("/")[2]


def _respeecher(account: Account, files: Path) -> Known:
    project = account.made("/api/projects", name="Season 1")
    folder = account.made("/api/folders", name="Episode 1", project_id=project["id"])["id"]
    data = {"data": ("take.wav", sound("take"))}
    form = {"parent_folder_id": folder, "microphone": "file", "label": "Take"}
    take = account.ask("POST", "/api/recordings", data=form, files=data).json()["id"]
    text = account.made("/api/v2/recordings/tts", parent_folder_id=folder, text="Once.", label="Text")["id"]
    calibration = account.ask("POST", "/api/calibration", data={"name": "Voice"}, files=data).json()["id"]
    _until(lambda: account.ask("GET", f"/api/recordings/{take}").json()["state"] == "done")
    voice = account.ask("GET", "/api/v2/voices?limit=1").json()["list"][0]
    wanted = [{"voice_id": voice["id"], "label": label} for label in ("One", "Two will fail")]
    made = account.made("/api/v2/orders", original_id=take, conversions=wanted)
    conversions = [order["conversion_id"] for order in made]
    account.made("/api/notes", recording_id=take, text="A note")
    tts = account.ask("GET", "/api/tts-voices").json()[0]["id"]
    return {
        "project_id": [project["id"]],
        "project_ids": [[project["id"]]],
        "project_url": [project["url"]],
        "owner": [project["owner"]],
        "folder_id": [folder],
        "folder_ids": [[folder]],
        "parent_folder_id": [folder],
        "recording_id": [take, text, *conversions],
        "original_id": [take, text],
        "NewOrder.original_id": [take],
        "calibration_id": [calibration],
        "voice_id": [voice["id"]],
        "NewTtsV1.voice_id": [tts],
        "accent_id": [voice["accents"][0]["id"]],
        "narration_style_id": [voice["narration_styles"][0]["id"]],
        "email": [USER["email"]],
        "password": [PASSWORD],
        "microphone": ["file"],
        "label": ["A label", "This will fail"],
        "semitones_correction": [-1.5],
    }


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < end, "the sandbox's work never ended"


_FURNISH: dict[str, Callable[[Account, Path], Known]] = {
    "dubformer": _dubformer,
    "revoice": _revoice,
    "blurb": _blurb,
    "rev": _rev,
    "respeecher": _respeecher,
}
