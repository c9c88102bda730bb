"""The gateways' table of refusals in the engine's words, for every adapter. An adapter names only codes of its own service."""

from __future__ import annotations

from collections.abc import Mapping

from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable
from portal.gateways.statuses import Kind, kind_of
from submissions.adapters.base import Meaning

MEANINGS: Mapping[Kind, Meaning] = {
    Kind.PASSES: Meaning.TRY_LATER,
    Kind.TOKEN: Meaning.OURS_TO_MEND,
    Kind.RIGHTS: Meaning.WAIT_FOR_RIGHTS,
    Kind.OURS: Meaning.OURS_TO_MEND,
    Kind.GONE: Meaning.FINAL,
    Kind.FINAL: Meaning.FINAL,
}


IN_DOUBT = frozenset({Meaning.MAYBE_DELIVERED, Meaning.MAYBE_TWICE, Meaning.ALREADY_DELIVERED})
"""The remote may have it: nothing is repeated before it was asked."""
REFUSED = frozenset({Meaning.FINAL, Meaning.NOT_DELIVERED})
OTHERS_MUST_ACT = frozenset({Meaning.OURS_TO_MEND, Meaning.WAIT_FOR_RIGHTS})


def meaning_of(error: Refused, *, repeated: Meaning = Meaning.ALREADY_DELIVERED) -> Meaning:
    """What a refusal says of a step that was started. `repeated`: what the service means when it has seen the key before."""
    return MEANINGS.get(kind_of(error), repeated)


def may_have_arrived(error: GatewayError) -> bool:
    """Whether a call without a refusal may have been carried out: no answer came, or one that cannot be read."""
    return isinstance(error, BrokenReply) or (isinstance(error, Unavailable) and error.maybe_arrived)


def of_order(error: GatewayError, *, is_ordering: bool, may_repeat: bool = False) -> Meaning:
    """What an error says of a call of an order. Fetching may always be repeated; placing the order when the service says so.

    A refusal says that the order was not placed, but for a repetition of it.
    """
    if isinstance(error, Refused):
        return meaning_of(error, repeated=Meaning.MAYBE_DELIVERED)
    never_arrived = isinstance(error, Unavailable) and not error.maybe_arrived
    is_safe = not is_ordering or may_repeat or never_arrived
    return Meaning.TRY_LATER if is_safe else Meaning.MAYBE_DELIVERED
