"""What the emulated Rev accepts in an order: the documented fields, and the documented error of each mistake."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from runner.sandbox.ground.clock import share
from runner.sandbox.ground.shape import Field, is_url, wrong

LENGTHS = {
    "transcription_options": "audio_length_seconds",
    "automated_transcription_options": "audio_length_seconds",
    "caption_options": "video_length_seconds",
}
"""The service options, and what an input calls its length there."""

LANGUAGES = frozenset((
    "ar", "bg", "ca", "hr", "cs", "da", "nl", "en", "fa", "fi", "fr", "de",
    "el", "he", "hi", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "cmn",
    "no", "pl", "pt", "ro", "ru", "sk", "sl", "es", "sv", "ta", "te", "tr",
))  # fmt: skip
MOST_REFERENCE = 256
MOST_PO = 64
MOST_SECONDS = 10**9
"""The longest media, so that prices stay numbers; the real limit is not documented."""
REFUSALS = {
    20050: "The user may not add a workspace id",
    30010: "The user may not pay by account balance",
    30011: "The balance limit of the account is exceeded",
    40011: "The user may not set a PO",
    50002: "Sandbox mode is required for these keys",
}
"""Errors that depend on an account, and what they say."""

_TEXT = Field("string")
_TEXTS = Field("array", item=_TEXT)


def _options(length: str, media: Mapping[str, Field], more: Mapping[str, Field]) -> Field:
    known = {length: Field("integer"), "uri": _TEXT, "external_link": _TEXT, **media}
    return Field("object", fields={"inputs": Field("array", item=Field("object", fields=known)), **more})


ORDER = Field(
    "object",
    fields={
        "client_ref": _TEXT,
        "automated_transcription_options": _options("audio_length_seconds", {}, {"inputs_language": _TEXT}),
        "transcription_options": _options(
            "audio_length_seconds",
            {"speakers": _TEXTS, "glossary": _TEXTS, "accents": _TEXTS},
            {"output_file_formats": _TEXTS, "verbatim": Field("boolean"), "timestamps": Field("boolean")},
        ),
        "caption_options": _options(
            "video_length_seconds", {}, {"output_file_formats": _TEXTS, "subtitle_languages": _TEXTS}
        ),
        "notification": Field(
            "object",
            fields={
                "url": Field("string", required=True, blank=False),
                "level": Field("string", among=("Detailed", "FinalOnly", "FileComplete")),
                "content_type": Field("string", among=("FormUrlEncoded", "ApplicationJson")),
            },
        ),
        "ponumber": _TEXT,
        "workspace_id": Field("integer"),
        "sandbox_mode": Field("boolean"),
        "non_standard_tat_guarantee": Field("boolean"),
    },
)
SHARE = Field("object", fields={"access_level": Field("string", among=("ReadOnly", "Full"))})
INPUT = Field("object", fields={"url": _TEXT, "filename": _TEXT, "content_type": _TEXT})

Fault = tuple[int, str]


def wrong_service(body: Any) -> Fault | None:
    """What is wrong with the choice of the service and with its list of inputs."""
    if not isinstance(body, dict):
        return 50000, "the order must be an object"
    held = [name for name in LENGTHS if name in body]
    if len(held) != 1:
        return (10003, "Multiple service options specified") if held else (10004, "No service type specified")
    options = body[held[0]]
    if not isinstance(options, dict) or not isinstance(options.get("inputs", []), list):
        return 50000, f"{held[0]} must be an object with a list of inputs"
    return None if options.get("inputs") else (10001, "The order has no inputs")


def wrong_input(held: Any, length: str, known: Mapping[str, Any] | None) -> Fault | None:
    """What is wrong with one input. `known` is the media that its uri identifies, if it does."""
    if not isinstance(held, dict):
        return 50000, "an input must be an object"
    uri, link = held.get("uri"), held.get("external_link")
    if uri and link:
        return 10005, "Both external_link and uri are specified"
    if not uri and not link:
        return 10006, "Neither external_link nor uri is specified"
    seconds = held.get(length)
    if seconds is not None and not _is_length(seconds):
        return 20001, f"{length} must be a whole number from 1 to {MOST_SECONDS}"
    if uri:
        return None if known is not None else (10002, f"{uri} is no input")
    if not isinstance(link, str) or not is_url(link) or urlsplit(link).path.endswith(".broken"):
        return 10007, f"Cannot connect to {link}"
    if seconds is None and not on_youtube(link):
        return 20001, f"{length} is needed for this external link"
    return None


def wrong_order(body: Mapping[str, Any], service: str, workspaces: frozenset[int]) -> Fault | None:
    """What is wrong with the rest of an order."""
    options = body[service]
    language = options.get("inputs_language")
    if isinstance(language, str) and language not in LANGUAGES:
        return 20003, f"The language {language} is not supported"
    if len(str(body.get("client_ref", ""))) > MOST_REFERENCE:
        return 20010, f"client_ref is longer than {MOST_REFERENCE} characters"
    if len(str(body.get("ponumber", ""))) > MOST_PO:
        return 40010, f"ponumber is longer than {MOST_PO} characters"
    if found := wrong(body, ORDER):
        return 50000, found
    if "ponumber" in body and service == "caption_options":
        return 40012, "This order type takes no PO"
    if "workspace_id" in body and body["workspace_id"] not in workspaces:
        return 20050, REFUSALS[20050]
    if "notification" in body and not is_url(body["notification"]["url"]):
        return 50000, "notification.url must be a URL"
    return _of_the_account(body.get("client_ref", ""))


def _of_the_account(reference: str) -> Fault | None:
    """The error that a client_ref asks for: `refuse-30010`."""
    return next(((code, said) for code, said in REFUSALS.items() if f"refuse-{code}" in reference), None)


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_SECONDS


def on_youtube(url: str) -> bool:
    """Whether the length of what is behind a link is found by itself."""
    host = urlsplit(url).hostname or ""
    return host in ("youtu.be", "youtube.com") or host.endswith(".youtube.com")


def seconds_of(text: str) -> int:
    """The length of media: `?seconds=N` in a URL, or one to twenty minutes by the text itself."""
    told = parse_qs(urlsplit(text).query).get("seconds", [""])[0] if is_url(text) else ""
    return int(told) if told.isdecimal() and 0 < len(told) < 7 and int(told) else 60 + int(share(text) * 1140)
