"""What authorities want paid, by their own words: labels for pages."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: dict[str, str | Promise] = {
    "forskuddstrekk": _("Forskuddstrekk"),
    "arbeidsgiveravgift": _("Arbeidsgiveravgift"),
    "finansskattLoenn": _("Finansskatt på lønn"),
    "utleggstrekk": _("Utleggstrekk"),
    "paaleggstrekk": _("Påleggstrekk"),
}


def label_of(what: str) -> str:
    """In the current language; the authority's own word when it is a new one."""
    return str(LABELS.get(what, what[:1].upper() + what[1:]))
