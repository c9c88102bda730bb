"""How each kind of act that takes two persons is shown and done. The apps that know the acts say so."""

from __future__ import annotations

from accounts.second_person import Deed
from portal.desk.people import granting
from systemusers.views import proposed, proposed_systems

DEEDS: dict[str, Deed] = {**proposed.DEEDS, **proposed_systems.DEEDS, **granting.DEEDS}
