"""What is said in the media of the emulated Rev, in each format of a file. The same media always say the same."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from xml.sax.saxutils import escape

from runner.sandbox.ground.clock import share

MOST_LINES = 60
SPEAKERS = ("Speaker 1", "Speaker 2")

_LINE = 4.0
_SAID = (
    "Good evening, and welcome back to the harbour.",
    "The ferry was late again, so nobody had seen the letter.",
    "You could have told me before the storm.",
    "I did tell you, only you were looking at the lighthouse.",
    "So what happens now?",
    "Now we wait until the tide turns.",
    "There were forty-two lanterns on the pier that night.",
    "I counted them twice, and one was missing.",
    "Then somebody took it, and I know who.",
    "Let us not begin with that again.",
    "She left the keys under the third stone.",
    "Nobody asked the captain, as usual.",
    "It is quiet out there, far too quiet.",
    "We should be home before the bells.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A spoken line: its times in seconds, who speaks (from 0), and the words."""

    start: float
    end: float
    speaker: int
    text: str


def lines_of(name: str, seconds: int, language: str) -> Sequence[Line]:
    """What is said: a line every four seconds; another language than English is named in front of each."""
    count = max(1, min(MOST_LINES, int(seconds / _LINE)))
    first = int(share(name) * len(_SAID))
    before = "" if language == "en" else f"[{language}] "
    return [
        Line(i * _LINE, min(i * _LINE + 3.5, seconds), i % 2, before + _SAID[(first + i) % len(_SAID)])
        for i in range(count)
    ]


def _clock(seconds: float, point: str = ",") -> str:
    whole, part = int(seconds), round(seconds % 1 * 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{part:03}"


def plain(lines: Sequence[Line]) -> bytes:
    """Plain text."""
    said = (f"{SPEAKERS[line.speaker]} ({_clock(line.start)[:8]}):\n{line.text}\n" for line in lines)
    return "\n".join(said).encode()


def youtube(lines: Sequence[Line]) -> bytes:
    """Plain text for YouTube: the words alone."""
    return "\n".join(line.text for line in lines).encode() + b"\n"


def subrip(lines: Sequence[Line]) -> bytes:
    """SubRip."""
    cues = (
        f"{n}\n{_clock(line.start)} --> {_clock(line.end)}\n{line.text}\n" for n, line in enumerate(lines, 1)
    )
    return "\n".join(cues).encode()


def webvtt(lines: Sequence[Line]) -> bytes:
    """WebVTT."""
    cues = (f"{_clock(line.start, '.')} --> {_clock(line.end, '.')}\n{line.text}\n" for line in lines)
    return "\n".join(("WEBVTT\n", *cues)).encode()


def timed_text(lines: Sequence[Line]) -> bytes:
    """TTML."""
    said = (
        f'<p begin="{_clock(line.start, ".")}" end="{_clock(line.end, ".")}">{escape(line.text)}</p>'
        for line in lines
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><tt xmlns="http://www.w3.org/ns/ttml"><body><div>{"".join(said)}'
        "</div></body></tt>"
    ).encode()


def rev_json(lines: Sequence[Line]) -> bytes:
    """Rev's own JSON; the form of the timestamps is chosen here."""
    monologues = [
        {
            "id": number,
            "speaker": line.speaker,
            "speaker_name": SPEAKERS[line.speaker],
            "elements": [{"type": "text", "value": line.text, "timestamp": _clock(line.start)}],
        }
        for number, line in enumerate(lines)
    ]
    speakers = [{"id": number, "name": name} for number, name in enumerate(SPEAKERS)]
    return json.dumps({"speakers": speakers, "monologues": monologues}, ensure_ascii=False).encode()


def word(lines: Sequence[Line]) -> bytes:
    """A Word document that Word opens: one paragraph a line."""
    said = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(f"{SPEAKERS[line.speaker]}: {line.text}")}</w:t></w:r></w:p>'
        for line in lines
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    office = "http://schemas.openxmlformats.org"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    held = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/word/document.xml" ContentType="{main}"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/>'
        "</Relationships>",
        "word/document.xml": f'<w:document xmlns:w="{office}/wordprocessingml/2006/main"><w:body>{said}</w:body>'
        "</w:document>",
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in held.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), head + text)
    return content.getvalue()


def pdf(lines: Sequence[Line]) -> bytes:
    """A PDF of one page."""
    shown = "".join(f"({_pdf_text(line.text)}) Tj T* " for line in lines)
    stream = f"BT /F1 9 Tf 40 800 Td 12 TL {shown}ET".encode("latin-1", "replace")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, offsets = b"%PDF-1.4\n", []
    for number, held in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, held)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
    return made + end % (table, len(made))


def _pdf_text(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SRT = "application/x-subrip"
YOUTUBE = "text/plain; format=youtube-transcript"

TRANSCRIPTS: Mapping[str, Callable[[Sequence[Line]], bytes]] = MappingProxyType(
    {
        DOCX: word,
        "application/pdf": pdf,
        "text/plain": plain,
        YOUTUBE: youtube,
        "application/json+rev-transcript": rev_json,
        SRT: subrip,
    }
)
"""The formats of transcripts, their own first; SubRip is for those by AI alone."""

CAPTIONS: Mapping[str, Callable[[Sequence[Line]], bytes]] = MappingProxyType(
    {SRT: subrip, "text/vtt": webvtt, "application/ttml+xml": timed_text, "application/ttaf+xml": timed_text}
)
"""The formats of captions that are emulated, their own first."""

ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "docx": DOCX,
        "pdf": "application/pdf",
        "txt": "text/plain",
        "json": "application/json+rev-transcript",
        "srt": SRT,
        "vtt": "text/vtt",
    }
)
"""What an extension on the URL stands for."""
