"""A mail to the accountant: how clients are added in Altinn, and which of them lack something."""

from __future__ import annotations

from django.utils import translation
from django.utils.translation import gettext as _

from systemusers.models import Access, ClientRelationQuerySet
from systemusers.services import links
from systemusers.services.client_relations.listing import LACKING, client_row, groups

MOST = 15
"""Clients that the mail names; programs for mail take short addresses only."""


def guidance_mail(access: Access, rows: ClientRelationQuerySet, *, vendor: str) -> str:
    """A mailto address, in the accountant's language. `rows` are the clients that the user sees, `vendor` is our name."""
    lacking = next(group.condition for group in groups(access) if group.code == LACKING)
    with translation.override(access.customer.language):
        names = {"vendor": vendor, "customer": access.customer.name, "system": access.profile.system.name_nb}
        subject = _("Legg til klienter i Altinn for %(vendor)s") % names
        body = _(
            "Hei!\n\nEn klientadministrator hos %(customer)s må legge til klientene i Altinn:\n"
            "1. Logg inn i Altinn for %(customer)s, og velg Systemtilganger.\n"
            "2. Åpne %(system)s, og velg Legg til klienter.\n"
            "3. Søk etter klienten, og legg den til. Klienten må ha gitt dere alle pakkene i tilgangen.\n"
        )
        shown = [client_row(row, access) for row in rows.filter(lacking).order_by("name", "pk")[:MOST]]
        lines = [f"{row.relation.orgnr} {row.name}: {', '.join(row.lacking)}" for row in shown]
        more = "\n" + _("Disse mangler noe:") + "\n" + "\n".join(lines) + "\n" if lines else ""
        return links.mailto(subject, body % names + more, to=access.customer.contact_email)
