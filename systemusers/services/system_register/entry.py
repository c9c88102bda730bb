"""Between the columns of a system and its entry in Altinn's register."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from portal.core.environments import Environment
from portal.gateways.altinn import RegisteredSystem, in_order
from portal.gateways.errors import Refused
from systemusers.models import Difference, DriftValue, MaskinportenClient, System
from systemusers.services.remote import system_register
from systemusers.services.tokens import TokenRefused, vendor_token

SCOPE = "altinn:authentication/systemregister.write"
LANGUAGES = ("nb", "nn", "en")
TEXTS = tuple(f"{part}_{language}" for part in ("name", "description") for language in LANGUAGES)
LISTS = ("client_ids", "rights", "packages", "redirect_urls")
SENT_TO_ALTINN = (*TEXTS, *LISTS, "is_visible")
"""The columns that the entry holds."""
Columns = dict[str, Any]


class NotInAltinn(Exception):
    """The register does not know the id."""


class OwnedByAnother(Exception):
    """The system belongs to another vendor than the client that asks."""

    code = "OWNED_BY_ANOTHER"


class DeletedInAltinn(Exception):
    """The register has the system as deleted, for ever."""


def remote_form(system: System) -> RegisteredSystem:
    """The columns as an entry, without what only Altinn has."""
    return RegisteredSystem(
        system_id=system.system_id,
        vendor_orgnr=system.client.orgnr,
        name=system.names,
        description=system.descriptions,
        rights=tuple(system.rights),
        packages=tuple(system.packages),
        client_ids=tuple(system.client_ids),
        redirect_urls=tuple(system.redirect_urls),
        is_visible=system.is_visible,
    )


def columns_of(theirs: RegisteredSystem) -> Columns:
    """The entry as columns. A language that the entry lacks is an empty text; a repeated value is one: a PUT takes no repeats."""
    texts = {
        f"{part}_{language}": getattr(theirs, part).get(language, "")
        for part in ("name", "description")
        for language in LANGUAGES
    }
    return {
        **texts,
        **{name: list(dict.fromkeys(getattr(theirs, name))) for name in LISTS},
        "is_visible": theirs.is_visible,
    }


def with_columns(theirs: RegisteredSystem, wanted: Columns) -> RegisteredSystem:
    """The entry with these columns in it; all else stays as Altinn has it."""
    changed: dict[str, Any] = {name: tuple(wanted[name]) for name in LISTS}
    for part in ("name", "description"):
        changed[part] = {code: wanted[f"{part}_{code}"] for code in LANGUAGES}
    return replace(theirs, **changed, is_visible=wanted["is_visible"])


def columns(system: System) -> Columns:
    return {name: getattr(system, name) for name in SENT_TO_ALTINN}


def differences(ours: Columns, theirs: RegisteredSystem) -> list[Difference]:
    """Lists are compared without order. Other members and languages of the entry are kept, so they are no difference."""
    if theirs.is_deleted:
        return [{"field": "system", "ours": theirs.system_id, "theirs": "deleted"}]
    other = columns_of(theirs)
    pairs = [(name, _plain(ours[name]), _plain(other[name])) for name in SENT_TO_ALTINN]
    return [{"field": name, "ours": mine, "theirs": his} for name, mine, his in pairs if mine != his]


def _plain(value: Any) -> DriftValue:
    plain: DriftValue = sorted(set(value)) if isinstance(value, list) else value
    return plain


def fetch(
    *, environment: Environment | str, client: MaskinportenClient, system_id: str, at: datetime
) -> RegisteredSystem:
    """The entry, also of a deleted system. Raises NotInAltinn, OwnedByAnother, NoKey and the gateways' errors."""
    token = vendor_token(client=client, scopes=(SCOPE,), at=at)
    try:
        theirs = system_register(environment).get(system_id, token=token)
    except Refused as error:
        if isinstance(error, TokenRefused) or error.status not in (403, 404):
            raise
        raise (NotInAltinn if error.status == 404 else OwnedByAnother)(system_id) from error
    if theirs.vendor_orgnr != client.orgnr:
        raise OwnedByAnother(system_id)
    return theirs


def fingerprint(system: System, theirs: RegisteredSystem) -> str:
    """What a person has seen: the whole entry, and our columns. Another fingerprint means that one of them changed."""
    seen = [theirs.raw, columns(system), system.status]
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()


def merged(theirs: list[str], ours: list[str]) -> list[str]:
    return in_order(theirs, [*theirs, *ours])


def why(error: Exception) -> str:
    """A sentence for those three."""
    texts = {
        NotInAltinn: _("Altinn kjenner ikke systemet %(id)s i dette miljøet."),
        OwnedByAnother: _("Systemet %(id)s eies av en annen leverandør. Bare eieren kan se og endre det."),
        DeletedInAltinn: _("Systemet %(id)s er slettet i Altinn, og id-en kan aldri brukes igjen."),
    }
    return texts[type(error)] % {"id": error}
