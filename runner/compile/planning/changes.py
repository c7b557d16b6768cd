"""Finished work that should be otherwise: kept, updated, or made anew; and whether a person must agree."""

from typing import Any

from runner.compile.checks.work import Work
from runner.compile.planning.canonical import Canonical
from runner.compile.planning.consent import Consents, replace_command
from runner.compile.planning.diff import diff_inputs
from runner.compile.planning.facts import JobFacts
from runner.compile.planning.sight import Sight
from runner.compile.planning.updaters import Updaters, may_be_there
from runner.compile.planning.verbs import Decision, changed_fields
from runner.model.graph import Instance
from runner.model.plan import Verb
from runner.model.state import InstanceState


class Changes:
    """Decides about finished instances whose inputs are not those that they were made of."""

    def __init__(self, work: Work, sight: Sight, consents: Consents) -> None:
        self._sight = sight
        self._consents = consents
        self.updaters = Updaters(work)

    def open(self, facts: JobFacts, instance: Instance, held: InstanceState, inputs: Any) -> Decision:
        """What it should have been made of is known only after apply."""
        job, address = facts.job, instance.address
        cause = self._sight.changing(instance)
        if not cause:
            return Decision(Verb.NONE, "done; its inputs can be compared only while applying", sure=False)
        if job.on_change == "keep" and not self._consents.given(address):
            return Decision(Verb.NONE, f"done; kept (on_change: keep) although {cause} changes")
        updater = self.updaters[job.uses]
        fits = updater is not None and not self.updaters.obstacle(held, job.uses, inputs)
        paid = updater.way.paid if updater is not None and fits else facts.paid
        consent = not paid or self._consents.for_change(job, address)
        obstacle, firm = self._sight.obstacle(instance)
        if obstacle:
            return Decision(Verb.SKIP, obstacle, firm=firm)
        reason = f"{cause} changes"
        if updater is not None and not fits:
            reason += f"; updated where only {', '.join(sorted(updater.way.takes)[:3])} changes"
        if not consent:
            reason += "; if that changes its inputs, it waits for consent"
        command = "" if consent else replace_command(address)
        verb = Verb.UPDATE if fits else Verb.REPLACE
        return Decision(verb, reason, sure=False, consent=consent, command=command)

    def known(
        self,
        facts: JobFacts,
        instance: Instance,
        held: InstanceState,
        inputs: Any,
        made: Canonical,
        agreed: bool,
    ) -> Decision:
        """Its inputs are known, and others. `agreed`: to pay for these was agreed before, and nothing was made."""
        job, address = facts.job, instance.address
        diff = diff_inputs(held.inputs, made.inputs)
        named = changed_fields(diff)
        updater = self.updaters[job.uses]
        against = self.updaters.obstacle(held, job.uses, inputs) if updater is not None else ""
        updated = updater is not None and not against
        paid = updater.way.paid if updater is not None and updated else facts.paid
        consent = agreed or self._consents.for_change(job, address)
        if facts.paid and job.on_change == "keep" and not consent:
            return Decision(Verb.NONE, f"kept (on_change: keep) although {named} changed", diff=diff)
        reason = f"{named} changed"
        if may_be_there(held):
            reason = "nobody knows whether its last update was done"
        if against:
            reason += f"; {against}"
        if paid and not consent:
            asks = "the update is paid, and needs consent" if updated else "paying for it again needs consent"
            return Decision(Verb.BLOCKED, f"{reason}; {asks}", diff=diff, command=replace_command(address))
        obstacle, firm = self._sight.obstacle(instance)
        if obstacle:
            return Decision(Verb.SKIP, obstacle, diff=diff, firm=firm)
        return Decision(Verb.UPDATE if updated else Verb.REPLACE, reason, diff=diff)
