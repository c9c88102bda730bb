"""Text to copy into a case at somebody's support desk. It holds codes and references only, never a name, a payload or a token."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from portal.explain import explain


def support_text(
    code: str, *, at: datetime, environment: str, service: str = "", reference: str = "", ours: str = ""
) -> str:
    """What is known, one fact a line, in the reader's language. `reference` is the remote's correlation id, `ours` our own."""
    explanation = explain(code)
    facts = [
        (_("Feilkode"), code),
        (_("Betydning"), f"{explanation.title}. {explanation.cause}"),
        (_("Tid"), f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S %z}"),
        (_("Miljø"), environment),
        (_("Tjeneste"), service),
        (_("Tjenestens referanse"), reference),
        (_("Vår referanse"), ours),
    ]
    return "\n".join(f"{name}: {value}" for name, value in facts if value)
