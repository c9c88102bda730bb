"""What a verification of the audit trail can find. The codes are those of `portal.core.trail.broken`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import US, Explanation

HOW = _("La databasen stå som den er, ta en kopi, og følg «The audit trail» i docs/operations.md.")


def _found(title: Any, cause: Any) -> Explanation:
    return Explanation(title, cause, US, HOW)


CODES: dict[str, Explanation] = {
    "TRAIL_ROW_CHANGED": _found(
        _("En rad i revisjonsloggen er endret"),
        _("Raden er ikke den som ble forseglet. Den er endret eller satt inn etterpå."),
    ),
    "TRAIL_ROWS_MISSING": _found(_("Rader mangler i revisjonsloggen"), _("De ble forseglet, og er slettet etterpå.")),
    "TRAIL_SEAL_CHANGED": _found(
        _("En forsegling av revisjonsloggen er endret"),
        _("Den er endret, eller laget av noen som ikke har nøkkelen."),
    ),
    "TRAIL_SEALS_MISSING": _found(
        _("Forseglinger mangler i revisjonsloggen"), _("Nummeret hopper. Forseglinger er slettet.")
    ),
    "TRAIL_KEY_UNKNOWN": Explanation(
        _("En forsegling av revisjonsloggen har en ukjent nøkkel"),
        _("Nøkkelen står ikke i AUDIT_KEYS. Den er tatt bort for tidlig, eller noen andre har laget forseglingen."),
        US,
        _("Sett den gamle nøkkelen tilbake, bak den nyeste. Har dere aldri hatt en slik nøkkel, er loggen endret."),
    ),
    "TRAIL_CUT": _found(
        _("Slutten av revisjonsloggen mangler"),
        _("Et anker utenfor databasen viser at loggen har vært lengre. Rader og forseglinger er slettet."),
    ),
    "TRAIL_MADE_ANEW": _found(
        _("Revisjonsloggen er laget på nytt"), _("Et anker utenfor databasen passer ikke med noen forsegling.")
    ),
    "TRAIL_TABLE_GONE": _found(
        _("En tabell i revisjonsloggen er borte"), _("Noen med eierens rettigheter i databasen har fjernet den.")
    ),
    "TRAIL_GUARD_OFF": _found(
        _("Vernet av revisjonsloggen er slått av"),
        _("Noen med eierens rettigheter i databasen har slått av det som nekter endringer."),
    ),
}
