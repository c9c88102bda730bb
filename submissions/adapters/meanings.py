"""The gateways' table of refusals in the engine's words, for every adapter. An adapter names only codes of its own service."""

from __future__ import annotations

from collections.abc import Mapping

from portal.gateways.errors import Refused
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


def meaning_of(error: Refused, *, repeated: Meaning = Meaning.ALREADY_DELIVERED) -> Meaning:
    """What a refusal says of a step that was started. `repeated`: what the service means when it has seen the key before."""
    return MEANINGS.get(kind_of(error), repeated)
