"""What is decided about one instance: a verb, why, and what a person must type where it cannot go on."""

from runner.model.frozen import frozen
from runner.model.plan import FieldDiff, Verb
from runner.model.state import InstanceState, Phase

SENT_AGAIN = "is sent again, as a person decided"


@frozen
class Decision:
    """`sure` is false where only apply can decide; `consent` is false where apply must not pay for a change.
    `firm`: nothing behind this instance may go on, not even what tolerates a failure. `approval` and `digest` are those
    of its approval gate."""

    verb: Verb
    reason: str
    sure: bool = True
    consent: bool = True
    diff: tuple[FieldDiff, ...] = ()
    command: str = ""
    firm: bool = True
    approval: str = ""
    digest: str = ""


NEW = Decision(Verb.CREATE, "new")
DONE = Decision(Verb.NONE, "done")
UNSELECTED = Decision(Verb.SKIP, "not selected")
IF_FALSE = Decision(Verb.SKIP, "`if` is false", firm=False)
KEPT = Decision(Verb.NONE, "`if` is false now; what is paid for is kept")

NOT_DONE = (Phase.REFUSED, Phase.WITHDRAWN, Phase.ABANDONED)
ENDED_BADLY = (Phase.FAILED, Phase.STALLED)


def why_new(held: InstanceState | None) -> str:
    """Why something is sent for an instance that stands for nothing remote."""
    if held is None or held.phase is Phase.GATED:
        return "new"
    if held.phase is Phase.REFUSED:
        return f"was refused: {held.message}" if held.message else "was refused"
    if held.phase is Phase.ABANDONED:
        return "the former call was abandoned"
    if held.phase is Phase.STALLED:
        return f"looked stalled there ({held.status}); made anew with consent"
    return f"was not done: {held.message}" if held.message else "was not done"


def settle(held: InstanceState) -> Decision:
    """The answer to a call was lost: what came of it is found out before anything else is sent."""
    if held.resend:
        return Decision(Verb.SETTLE, SENT_AGAIN)
    if held.intent is not None and held.intent.update:
        return Decision(
            Verb.SETTLE, "the answer to its update was lost; settled before anything else is sent"
        )
    sought = f" under {held.mark!r}" if held.mark else ""
    return Decision(Verb.SETTLE, f"its answer was lost; looked for there{sought} before anything is sent")


def doubt(held: InstanceState, command: str) -> Decision:
    """Only a person can say what came of the call."""
    shown = f" (candidates: {', '.join(held.candidates)})" if held.candidates else ""
    return Decision(
        Verb.BLOCKED, f"in doubt: {held.message or 'its outcome is unknown'}{shown}", command=command
    )


def resume(held: InstanceState, elsewhere: str) -> Decision:
    """It is running there, or only looks as if it had ended; `elsewhere`: it is not at the address that is named now,
    where the same id may be another's."""
    if elsewhere:
        return Decision(Verb.BLOCKED, f"runs as {held.id}: {elsewhere} to wait for it")
    if held.phase is Phase.STALLED:
        return Decision(
            Verb.RESUME, f"looked stalled there as {held.id} ({held.status or 'no status'}); looked at again"
        )
    status = f" ({held.status})" if held.status else ""
    return Decision(Verb.RESUME, f"running there as {held.id}{status}")


def download(lost: str, elsewhere: str, *, saved: bool) -> Decision:
    """A file of something finished is not here; one that was `saved` once may also have been changed since."""
    told = f"{lost} is not here as it was saved" if saved else f"{lost} is missing"
    if elsewhere:
        return Decision(Verb.BLOCKED, f"{told}: {elsewhere} to fetch it")
    return Decision(Verb.DOWNLOAD, told)


def top_name(field: str) -> str:
    """The input that a field of a diff belongs to: `settings` of `settings.takes`, `members` of `members[0].userId`."""
    return field.split(".")[0].split("[")[0].split(":")[0]


def changed_fields(diff: tuple[FieldDiff, ...]) -> str:
    """The names of what changed, the first few: `glossary_content, settings.takes and 3 more`."""
    names = list(dict.fromkeys(entry.field.split(":")[0] for entry in diff))
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown
