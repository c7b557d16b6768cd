"""What the emulated Respeecher accepts: the fields of its request bodies.

The text gives names and types; lengths, and which fields are required, are from the vendor's OpenAPI document.
"""

from runner.sandbox.ground.shape import Field

MOST_NAME = 40
MOST_TEXT = 1000
MOST_NOTE = 2000
MOST_UPLOAD = 64 * 1024 * 1024
"""Bytes of an upload; the real limit is not documented."""

_ID = Field("string", required=True)
_NAME = Field("string", required=True, blank=False)

API_KEY = Field("object", fields={"expires_at": Field("string", required=True)})
LOGIN = Field(
    "object",
    fields={
        "email": Field("string", required=True),
        "password": Field("string", required=True),
        "session_duration": Field("integer", low=1),
    },
)
PROJECT = Field("object", fields={"name": _NAME, "owner": Field("string"), "models": Field("object")})
NAME = Field("object", fields={"name": _NAME})
FOLDER = Field("object", fields={"name": _NAME, "project_id": _ID})
TTS = Field(
    "object",
    fields={
        "parent_folder_id": _ID,
        "text": Field("string", required=True, blank=False),
        "text_language": Field("string", blank=False),
        "label": Field("string"),
    },
)
TTS_V1 = Field(
    "object",
    fields={
        "project_id": _ID,
        "parent_folder_id": _ID,
        "label": Field("string"),
        "voice_id": _ID,
        "text": Field("string", required=True, blank=False),
    },
)
CHANGE = Field("object", fields={"label": Field("string"), "starred": Field("boolean")})
WHOLE_CHANGE = Field(
    "object",
    fields={"label": Field("string", required=True), "starred": Field("boolean", required=True)},
)
NOTE = Field("object", fields={"recording_id": _ID, "text": Field("string", required=True)})
NOTE_CHOICE = Field("object", fields={"recording_id": _ID})
PROJECT_CHOICE = Field("object", fields={"project_ids": Field("array", required=True, item=Field("string"))})
FOLDER_CHOICE = Field("object", fields={"folder_ids": Field("array", required=True, item=Field("string"))})
ORDER = Field(
    "object",
    fields={
        "original_id": _ID,
        "conversions": Field(
            "array",
            required=True,
            blank=False,
            item=Field(
                "object",
                fields={
                    "voice_id": _ID,
                    "narration_style_id": Field("string"),
                    "accent_id": Field("string"),
                    "semitones_correction": Field("number", low=-100, high=100),
                    "label": Field("string"),
                },
            ),
        ),
        "calibration_id": Field("string"),
        "use_calibration": Field("boolean"),
    },
)
FAVORITE = Field("object", fields={"favorite": Field("boolean", required=True)})
VOICE_SETTINGS = Field(
    "object",
    fields={
        "voice_id": _ID,
        "narration_style_id": Field("string"),
        "accent_id": Field("string"),
        "semitones_correction": Field("number", low=-100, high=100),
    },
)
