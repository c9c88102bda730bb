"""The ways of working, by the name that entries of the service catalogue carry."""

from __future__ import annotations

from submissions.adapters.altinn_app.adapter import AltinnAppAdapter, AltinnAppHandOver, AltinnAppLeftovers
from submissions.adapters.amelding.adapter import AmeldingAdapter
from submissions.adapters.base import Adapter, Earlier, HandOver, Leftovers
from submissions.adapters.dialog_upload.adapter import DialogUploadAdapter
from submissions.adapters.gld_json.adapter import GldJsonAdapter
from submissions.adapters.reading.claims import ClaimsRetrieval
from submissions.adapters.reading.deadlines import DeadlinesRetrieval
from submissions.adapters.retrieval import Retrieval
from submissions.adapters.rf1086.adapter import Rf1086Adapter
from submissions.adapters.rf1086.earlier import Rf1086Earlier
from submissions.adapters.skattekort.adapter import SkattekortRetrieval
from submissions.adapters.upload.adapter import JsonUpload, UploadLeftovers, XmlUpload

WAYS: tuple[Adapter, ...] = (
    Rf1086Adapter(), GldJsonAdapter(), AmeldingAdapter(), XmlUpload(), JsonUpload(), DialogUploadAdapter(),
    AltinnAppAdapter(),
)  # fmt: skip
ADAPTERS: dict[str, Adapter] = {each.name: each for each in WAYS}
ANSWERING = frozenset({DialogUploadAdapter.name})
"""Those that answer what an authority asked for in a dialog: they are begun from the dialog, never of one's own accord."""
EARLIER: dict[str, Earlier] = {each.name: each for each in (Rf1086Earlier(),)}
"""Those whose authority gives the report of the period before."""
LEFTOVERS: dict[str, Leftovers] = {
    **dict.fromkeys((XmlUpload.name, JsonUpload.name), UploadLeftovers()),
    AltinnAppAdapter.name: AltinnAppLeftovers(),
}
"""Those where a report that is given up leaves something at the authority, by the name of the adapter."""
HAND_OVERS: dict[str, HandOver] = {AltinnAppAdapter.name: AltinnAppHandOver()}
"""Those that a person finishes at the authority, by the name of the adapter."""
RETRIEVALS: dict[str, Retrieval] = {
    each.name: each for each in (SkattekortRetrieval(), ClaimsRetrieval(), DeadlinesRetrieval())
}
"""Those that ask for data instead of delivering it."""


class UnknownAdapter(Exception):
    """No adapter has this name."""


def adapter(name: str) -> Adapter:
    """The adapter with this name. Raises UnknownAdapter."""
    try:
        return ADAPTERS[name]
    except KeyError as error:
        raise UnknownAdapter(name) from error


def retrieval(name: str) -> Retrieval:
    """The retrieval with this name. Raises UnknownAdapter."""
    try:
        return RETRIEVALS[name]
    except KeyError as error:
        raise UnknownAdapter(name) from error
