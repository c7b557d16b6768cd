"""Whether a person agreed that finished paid work is paid for once more."""

from runner.compile.planning.canonical import Canonical
from runner.model.manifest import Job
from runner.model.state import InstanceState
from runner.model.wishes import Globs, Wishes


class Consents:
    """The consents of one run: the wishes of the command line beside what each job says."""

    __slots__ = ("_replace", "_retry_failed")

    def __init__(self, wishes: Wishes) -> None:
        self._replace = Globs(wishes.replace)
        self._retry_failed = wishes.retry_failed

    def given(self, address: str) -> bool:
        """Whether `--replace` names this address."""
        return address in self._replace

    def for_change(self, job: Job, address: str) -> bool:
        """May it be made anew because its inputs changed?"""
        return job.on_change == "replace" or address in self._replace

    def for_failure(self, job: Job, held: InstanceState) -> bool:
        """May it be made anew because it failed there? `redo` counts the generations that were superseded."""
        return self._retry_failed or held.address in self._replace or len(held.former) < job.redo


def replace_command(address: str) -> str:
    """What a person types to agree to one replacement."""
    return f"runner apply --replace '{address}'"


def resolve_command(address: str) -> str:
    """What a person types to settle a doubt."""
    return f"runner resolve {address} --adopt ID | --resend | --abandon"


def import_command(job: str, address: str) -> str:
    """What a person types to take over what exists already: the whole job at once where it has items."""
    return f"runner import --match '{job}/*'" if address != job else f"runner import --match '{job}'"


def agreed_to(held: InstanceState, made: Canonical | None) -> bool:
    """Whether consent for these very inputs was given: at the gate, or for a call that then made nothing."""
    if made is None:
        return False
    at_gate = held.gate is not None and held.gate.opened(held.next_generation, made.digest)
    return at_gate or made.digest == held.consented
