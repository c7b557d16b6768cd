"""What the emulated ReVoice accepts: the documented fields of its bodies, and the conditions that their texts
state.

Where the text says nothing, this is chosen: unknown fields are refused; settings for another type of project
are ignored.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from runner.sandbox.ground.shape import Field, is_url, wrong

PROJECT_TYPES = ("line-dubbing", "media-dubbing", "audio-production")
TEXT_ENDINGS = (".docx", ".txt", ".pdf", ".srt")
"""Scripts that do not tell their language."""

SETTINGS: Mapping[str, Field] = {
    "automaticInference": Field("boolean"),
    "noOfAlternativeTakes": Field("integer", low=0, high=2),
    "autoCasting": Field("boolean"),
    "removeBackgroud": Field("boolean"),
    "automaticSpeakerDetection": Field("boolean"),
    "noOfSpeakers": Field("integer", low=1),
    "sourceSpeakerSeparator": Field("string"),
    "importText": Field("boolean"),
    "importTiming": Field("boolean"),
    "importCharacters": Field("boolean"),
}
"""The settings, spelt as the API spells them."""

BATCH = Field(
    "object",
    fields={
        "name": Field("string", required=True, blank=False),
        "scriptPath": Field("string", blank=False),
        "videoPath": Field("string", blank=False),
        "languageCode": Field("string", blank=False),
        "settings": Field("object", fields=SETTINGS),
    },
)
BULK = Field(
    "object",
    fields={
        "scriptPath": Field("string", required=True, blank=False),
        "settings": Field("object", fields=SETTINGS),
    },
)
DELETE = Field(
    "object", fields={"batchIds": Field("array", required=True, blank=False, item=Field("string"))}
)
MEMBERS = Field(
    "object",
    fields={
        "members": Field(
            "array",
            required=True,
            blank=False,
            item=Field(
                "object",
                fields={
                    "userId": Field("string", required=True, blank=False),
                    "languageId": Field("string", required=True, blank=False),
                },
            ),
        )
    },
)
LANGUAGES = Field(
    "object",
    fields={
        "languages": Field(
            "array",
            required=True,
            blank=False,
            item=Field(
                "object",
                fields={
                    "languageId": Field("string", required=True, blank=False),
                    "scriptPath": Field("string", blank=False),
                    "speakerSeparator": Field("string"),
                },
            ),
        )
    },
)
PROJECT = Field(
    "object",
    fields={
        "name": Field("string", required=True, blank=False),
        "targetLanguages": Field("array", required=True, blank=False, item=Field("string")),
        "type": Field("string", required=True, among=PROJECT_TYPES),
        "model": Field("string", required=True, blank=False),
        "sourceLanguage": Field("string"),
    },
)
TOKEN = Field(
    "object",
    fields={"clientId": Field("string", required=True), "clientSecret": Field("string", required=True)},
)
REFRESH = Field("object", fields={"refreshToken": Field("string", required=True)})
UPLOAD = Field(
    "object",
    fields={
        "fileName": Field("string", required=True, blank=False),
        "contentType": Field("string", required=True, blank=False),
    },
)
FILES = Field("object", fields={"paths": Field("array", required=True, blank=False, item=Field("string"))})


def wrong_batch(body: Any, project_type: str) -> str | None:
    """What is wrong with the fields of a batch in a project of this type, or None."""
    if found := wrong(body, BATCH):
        return found
    if "scriptPath" not in body and project_type != "media-dubbing":
        return "scriptPath is required"
    if "videoPath" not in body and project_type == "media-dubbing":
        return "videoPath is required in a media-dubbing project"
    if "scriptPath" in body:
        if not is_url(body["scriptPath"]):
            return "scriptPath must be a URL"
        if ending(body["scriptPath"]) in TEXT_ENDINGS and "languageCode" not in body:
            return f"languageCode is required for {ending(body['scriptPath'])} scripts"
    return None


def ending(url: str) -> str:
    """The ending of a URL's path, in lower case: `.xlsx`."""
    return PurePosixPath(urlsplit(url).path).suffix.lower()
