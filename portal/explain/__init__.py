"""The error library: what a code means in plain words. What happened, why, who can mend it, and how.

Keyed by the code a gateway's error carries (MP-303, AUTH-00011, GLD_1018); one data module for each owner of codes.
An unknown code gets a general answer.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain import altinn, library, maskinporten, ours, skatteetaten, trail, webhooks
from portal.explain.explanation import NOBODY, US, Explanation

__all__ = ["NOBODY", "Explanation", "explain"]

CODES: dict[str, Explanation] = {
    **library.read(), **maskinporten.CODES, **altinn.CODES, **skatteetaten.CODES, **ours.CODES,
    **trail.CODES, **webhooks.CODES,
}  # fmt: skip

SKATTEETATEN = ("GLD_", "AMLD_", "OAR_", "DAS-", "DUT-", "FOR_", "FRI-", "KB-", "UPLOAD:", "SKATTEMELDING:", "AAPNET:")
OWNERS = {
    "MP-": "Maskinporten", **dict.fromkeys(SKATTEETATEN, "Skatteetaten"), "AUTH-": "Altinn", "STD-": "Altinn",
    "ALTINN_APP:": "Altinn",
}  # fmt: skip
"""Whose codes begin so."""


def explain(code: str) -> Explanation:
    """The explanation of a code; a general one when we do not know it, which names the service that uses such codes."""
    known = CODES.get(code)
    if known:
        return known
    if code.startswith("HTTP-"):
        return ours.of_http(code)
    owner = next((name for start, name in OWNERS.items() if code.startswith(start)), "")
    return Explanation(
        _("%(owner)s sa nei") % {"owner": owner} if owner else _("Tjenesten sa nei"),
        _("Den oppga koden %(code)s, som vi ikke har en forklaring på.") % {"code": code or "–"},
        US,
        _("Send teksten for brukerstøtte til den som drifter portalen."),
    )
