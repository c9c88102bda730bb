"""The ways of working, by the name that entries of the service catalogue carry."""

from __future__ import annotations

from submissions.adapters.base import Adapter, Earlier, Retrieval
from submissions.adapters.dialog_upload.adapter import DialogUploadAdapter
from submissions.adapters.gld_json.adapter import GldJsonAdapter
from submissions.adapters.rf1086.adapter import Rf1086Adapter
from submissions.adapters.rf1086.earlier import Rf1086Earlier

ADAPTERS: dict[str, Adapter] = {each.name: each for each in (Rf1086Adapter(), GldJsonAdapter(), DialogUploadAdapter())}
ANSWERING = frozenset({DialogUploadAdapter.name})
"""Those that answer what an authority asked for in a dialog: they are begun from the dialog, never of one's own accord."""
EARLIER: dict[str, Earlier] = {each.name: each for each in (Rf1086Earlier(),)}
"""Those whose authority gives the report of the period before."""
RETRIEVALS: dict[str, Retrieval] = {}
"""Those that ask for data instead of delivering it."""


class UnknownAdapter(Exception):
    """No adapter has this name."""


def adapter(name: str) -> Adapter:
    """The adapter with this name. Raises UnknownAdapter."""
    try:
        return ADAPTERS[name]
    except KeyError as error:
        raise UnknownAdapter(name) from error
