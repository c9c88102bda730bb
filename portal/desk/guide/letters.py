"""Texts to copy and send to the parties that grant something. The portal sends none of them itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Vendor
from portal.core.environments import Environment
from systemusers.models import MaskinportenClient
from systemusers.services.wanted_scopes import Owner, wanted

DIGDIR, ALTINN = "servicedesk@digdir.no", "servicedesk@altinn.no"
MASKINPORTEN_NAMES = {Environment.TEST: "test.maskinporten.no", Environment.PRODUCTION: "maskinporten.no"}


@dataclass(frozen=True)
class Letter:
    """`to` is an address, or the words for where the text goes when there is no address."""

    to: str
    subject: str
    body: str

    @property
    def text(self) -> str:
        return f"{self.subject}\n\n{self.body}"


def order_scopes(owner: Owner, *, environment: Environment, lacking: Iterable[str]) -> Letter:
    """For the scopes of one owner that no client has been granted yet."""
    to = DIGDIR if owner == Owner.DIGDIR else _("Skatteetaten, der dere bestiller scope på skatteetaten.no")
    purposes = {one.scope: str(one.purpose) for one in wanted(environment)}
    body = _(
        "Vi ber om tilgang til disse scopene i %(where)s:\n\n%(scopes)s\n\n"
        "Vi er en leverandør som bruker systembruker i Altinn.\n%(who)s"
    ) % {
        "where": MASKINPORTEN_NAMES.get(environment, environment.label),
        "scopes": "\n".join(f"{scope} – {purposes.get(scope, '')}" for scope in lacking),
        "who": _who(environment),
    }
    return Letter(to, _("Tilgang til scope i Maskinporten"), body)


def number_in_tt02() -> Letter:
    body = _(
        "Vi er en leverandør som skal teste systembruker i TT02. Kan dere legge inn organisasjonsnummeret vårt der? "
        "Uten det svarer systemregisteret 403.\n\n%(who)s"
    ) % {"who": _who(Environment.TEST)}
    return Letter(ALTINN, _("Legg inn organisasjonsnummer i TT02"), body)


def _who(environment: Environment) -> str:
    vendor = Vendor.objects.first()
    lines = [_("Virksomhet: %(name)s, %(orgnr)s") % {"name": vendor.name, "orgnr": vendor.orgnr}] if vendor else []
    ids = MaskinportenClient.objects.filter(environment=environment).order_by("pk").values_list("client_id", flat=True)
    return "\n".join([*lines, *(_("Klient-id: %(id)s") % {"id": one} for one in ids)])
