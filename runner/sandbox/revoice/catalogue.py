"""What the emulated ReVoice workspace has from the beginning: languages, voices, models, projects, media
files."""

from runner.sandbox.revoice.batch import Project

_NAMES = {
    "ar-ar": "Arabic",
    "bg-bg": "Bulgarian",
    "da-dk": "Danish",
    "de-de": "German",
    "el-gr": "Greek",
    "en-gb": "English (UK)",
    "en-us": "English (US)",
    "es-es": "Spanish (Spain)",
    "es-la": "Spanish (Latin America)",
    "fi-fi": "Finnish",
    "fr-fr": "French",
    "hi-in": "Hindi",
    "id-id": "Indonesian",
    "it-it": "Italian",
    "ja-jp": "Japanese",
    "ko-kr": "Korean",
    "nb-no": "Norwegian",
    "nl-nl": "Dutch",
    "pl-pl": "Polish",
    "pt-br": "Portuguese (Brazil)",
    "pt-pt": "Portuguese (Portugal)",
    "sv-se": "Swedish",
    "tr-tr": "Turkish",
    "zh-cn": "Chinese",
}

LANGUAGES = [
    {
        "id": id,
        "name": name,
        "code": id[:3] + id[3:].upper(),
        "isTextSupported": True,
        "isAudioSupported": True,
    }
    for id, name in _NAMES.items()
]
LANGUAGE_IDS = frozenset(_NAMES)
VOICES = [
    {"name": "Ada", "age": "adult", "timbre": "warm", "gender": "female"},
    {"name": "Bram", "age": "adult", "timbre": "deep", "gender": "male"},
    {"name": "Cleo", "age": "young", "timbre": "bright", "gender": "female"},
    {"name": "Dirk", "age": "senior", "timbre": "rough", "gender": "male"},
]
MODELS = [
    {
        "model": "xpressive",
        "description": "Expressive speech in many styles",
        "defaultOutputBitrate": 192,
        "defaultOutputSamplingRate": 48000,
    }
]
STYLES = [
    {"style": style, "supportedGenders": ["female", "male"], "description": f"{style} in three intensities"}
    for style in ("Anger", "Curiosity", "Fear", "Joy", "Narration", "Pain", "Pleasure", "Sadness", "Surprise")
]
MEDIA_FILES = ("files/video/myFile.mp4", "files/audio/myFile.wav")

PROJECTS = tuple(
    Project(id, name, type, "xpressive", ["fr-fr", "de-de"], "en-us", 0.0)
    for id, name, type in (
        ("6f1c2b1e", "Season one", "audio-production"),
        ("a3d07c44", "Line dubbing", "line-dubbing"),
        ("c9e85f02", "Media dubbing", "media-dubbing"),
    )
)
"""One project of each type, under ids that a manifest can name."""
