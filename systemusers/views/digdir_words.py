"""What went wrong with a key or at Digdir, in words for whoever asked."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from portal.gateways.digdir import TERMS_UNSIGNED
from portal.gateways.errors import GatewayError, Refused, Unavailable
from systemusers.services import keys
from systemusers.services.keys import rotation as rotations
from systemusers.services.keys import self_service
from systemusers.services.tokens import TokenRefused


def sentence(error: Exception) -> str:
    """What went wrong, and what to do; raises errors that are no answer to the user."""
    if isinstance(error, keys.KeyNotAccepted | TokenRefused):
        return explain(error.code).sentence
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, self_service.SetIsFull):
        text = _("Klienten har fem nøkler hos Digdir, som er det meste. Fjern én av dem der først: %(kids)s.")
        return text % {"kids": ", ".join(error.kids)}
    if isinstance(error, rotations.TooEarly):
        text = ngettext(
            "Maskinporten kjenner kanskje ikke nøkkelen ennå. Vent %(n)s sekund.",
            "Maskinporten kjenner kanskje ikke nøkkelen ennå. Vent %(n)s sekunder.",
            error.seconds,
        )
        return text % {"n": error.seconds}
    for kind, words in SENTENCES:
        if isinstance(error, kind):
            return words()
    raise error


def _refused(error: Refused) -> str:
    if error.code == TERMS_UNSIGNED or error.status == 428:
        return explain(TERMS_UNSIGNED).sentence
    if error.status == 403:
        return _("Digdir gir ikke klienten tilgang til selvbetjeningen. Be servicedesk@digdir.no om scopene.")
    return _("Digdir sa nei (%(status)s). Gjør det for hånd i Samarbeidsportalen.") % {"status": error.status}


SENTENCES: list[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[], str]]] = [
    (
        self_service.NoAdminClient,
        lambda: _(
            "Ingen klient her har tilgang til Digdirs selvbetjening. Be servicedesk@digdir.no om scopene idporten:dcr.*, "
            "eller gjør det for hånd i Samarbeidsportalen."
        ),
    ),
    (self_service.OtherKeyWithKid, lambda: _("Digdir har en annen nøkkel med samme id. Lag en ny nøkkel her.")),
    (
        self_service.KeyNotRegistered,
        lambda: _("Den nye nøkkelen ligger ikke hos Digdir, så ingenting er fjernet. Se nøklene hos Digdir."),
    ),
    (self_service.ClientIsHere, lambda: _("Klienten er lagt inn fra før i dette miljøet.")),
    (keys.TooManyKeys, lambda: _("Digdir tar imot fem nøkler for en klient. Ta en gammel ut av bruk først.")),
    (keys.NoKey, lambda: explain(keys.NoKey.code).sentence),
    (
        (LostRace, IllegalTransition),
        lambda: _("En annen arbeider med dette, eller det er gjort. Her er det slik det er nå."),
    ),
    (Unavailable, lambda: _("Vi fikk ikke svar. Se hvordan det står til, og prøv igjen om litt.")),
    (GatewayError, lambda: _("Vi fikk et svar vi ikke kan lese. Prøv igjen, eller gjør det for hånd.")),
]
