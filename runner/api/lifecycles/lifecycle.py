"""The life of one call with an effect: baseline, intent, call, receipt; and what to do when the answer is lost.

No I/O happens here: `effects` tells what is yielded and sent. `preparing` makes the intent, `concluding` judges
replies, `settling` looks for lost effects.
"""

from runner.api.lifecycles.concluding import PATIENCE, conclude, judge_reply, pause_after, send_request
from runner.api.lifecycles.effects import OUTDATED, Lifecycle, Outcome, Until
from runner.api.lifecycles.order import Order, View
from runner.api.lifecycles.preparing import prepare, prepare_again
from runner.api.lifecycles.settling import settle


def submit(order: Order, view: View) -> Lifecycle:
    """Send a call that was never sent before, and find out what came of it."""
    ready = yield from prepare(order, view)
    attempt, again = 0, False
    for _ in range(PATIENCE):
        if isinstance(ready, Outcome):
            return ready
        intent = ready.intent
        request = send_request(order, intent, ready.walked, again)
        assert request is not None, "a request that was just made has all of its secrets"
        reply = yield request
        if again := reply is OUTDATED:
            ready = yield from prepare_again(order, view, intent)
            continue
        verdict = judge_reply(order, reply)
        done = yield from conclude(order, view, intent, reply, verdict)
        if done is not None:
            return done
        if verdict.meaning == "accepted" or verdict.meaning == "ambiguous":
            return (
                yield from settle(
                    order, view, intent, alive=view.monotonic(), accepted=verdict.meaning == "accepted"
                )
            )
        pause = pause_after(order.retries, verdict, attempt)
        if pause is None:
            return Outcome("failed", f"{verdict.message} (sent {attempt + 1} times)")
        yield Until(view.monotonic() + pause, verdict.message, "retrying")
        attempt += 1
    return Outcome("failed", f"the API said “not now” {PATIENCE} times")
