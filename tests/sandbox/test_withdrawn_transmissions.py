"""A service owner withdraws one transmission: it stays in the list with the time it was deleted."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from .dialog_rig import DIALOGS, DialogRig, dialogs, later

__all__ = ["dialogs"]


def listed(rig: DialogRig, ident: str) -> dict[str, Any]:
    return {one["id"]: one.get("deletedAt") for one in rig.get(f"{DIALOGS}/{ident}/transmissions").json()}


def test_it_is_listed_with_the_time_it_was_deleted_and_the_dialog_has_moved(dialogs: DialogRig) -> None:
    ident = dialogs.open()
    kept, gone = (dialogs.add(ident, "transmissions", type="Information", title=t) for t in ("Brev", "Feil brev"))
    before = dialogs.item(ident)
    dialogs.pass_time(60)

    dialogs.control(f"dialogs/{ident}/transmissions/{gone}", method="DELETE", status=204)

    after, deleted = dialogs.item(ident), listed(dialogs, ident)
    assert deleted.keys() == {kept, gone}
    assert deleted[kept] is None
    assert deleted[gone][:19] == later(minutes=1)[:19]
    assert (after["updatedAt"] > before["updatedAt"], after["contentUpdatedAt"] > before["contentUpdatedAt"]) == (
        True,
        True,
    )
    assert dialogs.published()[-1] == "updated"


@pytest.mark.parametrize("known", [True, False])
def test_what_is_not_there_cannot_be_withdrawn(dialogs: DialogRig, known: bool) -> None:
    ident = dialogs.open() if known else str(uuid.uuid4())

    dialogs.control(f"dialogs/{ident}/transmissions/{uuid.uuid4()}", method="DELETE", status=404)
