"""Looks organisations up in Enhetsregisteret. Everything works without the register when it does not answer.

Names of role holders are cached for ten minutes at most; birth dates are dropped in the gateway.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from enum import Enum

from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.models import Customer
from accounts.services.orgnr import SYNTHETIC
from portal.core.environments import Environment, addresses
from portal.core.valkey import ERRORS
from portal.gateways.enhetsregisteret import Enhetsregisteret, Unit, UnitJson
from portal.gateways.errors import GatewayError

logger = logging.getLogger(__name__)
APPROVERS = ("DAGL", "LEDE", "INNH")
"""Registered roles that may approve in Altinn: managing director, chair, owner."""
ROLES_KEPT = 600  # seconds


class Outcome(Enum):
    FOUND = "FOUND"
    SYNTHETIC = "SYNTHETIC"
    MISSING = "MISSING"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True)
class LookUp:
    """The answer of the register about one number. `unit` only when FOUND."""

    outcome: Outcome
    unit: Unit | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The outcome in one line, for the page."""
        return {
            Outcome.FOUND: _("Hentet fra Enhetsregisteret."),
            Outcome.SYNTHETIC: _("Syntetisk, ikke slått opp."),
            Outcome.MISSING: _("Enhetsregisteret kjenner ikke nummeret. Skriv navnet selv, eller se over nummeret."),
            Outcome.UNAVAILABLE: _("Enhetsregisteret svarer ikke nå. Skriv navnet selv, så kan du slå opp senere."),
        }[self.outcome]

    def as_json(self) -> UnitJson:
        """As stored in `Customer.business_register`."""
        return self.unit.as_json() if self.unit else {}


@dataclass(frozen=True)
class Approver:
    role: str
    name: str

    @property
    def title(self) -> str:
        return {"DAGL": _("daglig leder"), "LEDE": _("styreleder"), "INNH": _("innehaver")}[self.role]


def enhetsregisteret(environment: str) -> Enhetsregisteret:
    return Enhetsregisteret(base_url=addresses(environment).business_register)


def can_be_known(*, environment: str, orgnr: str) -> bool:
    """Whether the register of the environment can have the number: the real one knows no synthetic organisation."""
    return not (orgnr[0] in SYNTHETIC and environment == Environment.TEST)


def look_up(*, environment: str, orgnr: str) -> LookUp:
    """Ask the register. Never raises: without an answer the outcome is UNAVAILABLE.

    Not to be called inside a transaction.
    """
    is_synthetic = orgnr[0] in SYNTHETIC
    if not can_be_known(environment=environment, orgnr=orgnr):
        return LookUp(Outcome.SYNTHETIC)
    try:
        unit = enhetsregisteret(environment).unit(orgnr)
    except GatewayError as error:
        logger.warning("the business register did not answer: %s", error)
        return LookUp(Outcome.UNAVAILABLE)
    if unit is None:
        return LookUp(Outcome.SYNTHETIC if is_synthetic else Outcome.MISSING)
    return LookUp(Outcome.FOUND, unit, warnings_about(unit.as_json()))


def warnings_of(customer: Customer) -> list[str]:
    """Warnings about a stored customer, wherever one asks for access or sends: from what the register said last."""
    unit = customer.business_register
    warnings = warnings_about(unit)
    name = unit.get("name", "")
    if unit.get("former_name") and " ".join(name.split()).casefold() != " ".join(customer.name.split()).casefold():
        warnings.append(_("Virksomheten har skiftet navn i Enhetsregisteret til %(name)s.") % {"name": name})
    return warnings


def warnings_about(unit: UnitJson) -> list[str]:
    """Warnings to show before this organisation is asked for access.

    The open register shows a merged company as deleted and does not name the other one: that stands in the announcements.
    """
    warnings = []
    if unit.get("is_hidden"):
        warnings.append(_("Enhetsregisteret viser ikke denne virksomheten. Den er fjernet av rettslige grunner."))
    if unit.get("is_deleted"):
        warnings.append(
            _(
                "Virksomheten er slettet i Enhetsregisteret. "
                "Kunngjøringene på brreg.no sier om den er slått sammen med en annen."
            )
        )
    if unit.get("is_bankrupt"):
        warnings.append(_("Virksomheten er konkurs. Bostyreren må godkjenne."))
    if unit.get("is_closing"):
        warnings.append(_("Virksomheten er under avvikling."))
    if unit.get("is_restructuring"):
        warnings.append(_("Virksomheten er under rekonstruksjon."))
    if unit.get("main_unit"):
        warnings.append(
            _("Dette er en underenhet. Systemtilgang gis av hovedenheten, som har nummer %(orgnr)s.")
            % {"orgnr": unit["main_unit"]}
        )
    return warnings


def known_approvers(*, environment: str, orgnr: str) -> list[Approver] | None:
    """As `approvers`, without asking the register: None when its answer is not at hand."""
    known = _kept(f"approvers:{environment}:{orgnr}")
    return None if known is None else [Approver(role, name) for role, name in known]


def approvers(*, environment: str, orgnr: str) -> list[Approver]:
    """Persons with a registered role that may approve; empty when the register has none or does not answer."""
    if not can_be_known(environment=environment, orgnr=orgnr):
        return []
    key = f"approvers:{environment}:{orgnr}"
    known = _kept(key)
    if known is None:
        known = _ask(environment, orgnr)
        if known is None:
            return []
        _keep(key, known)
    return [Approver(role, name) for role, name in known]


def _ask(environment: str, orgnr: str) -> list[tuple[str, str]] | None:
    try:
        holders = enhetsregisteret(environment).roles(orgnr)
    except GatewayError as error:
        logger.warning("the business register did not answer: %s", error)
        return None
    named = [(h.role, h.name) for h in holders if h.role in APPROVERS and h.name and not h.orgnr]
    return sorted(dict.fromkeys(named), key=lambda pair: APPROVERS.index(pair[0]))


def _kept(key: str) -> list[tuple[str, str]] | None:
    try:
        names: list[tuple[str, str]] | None = cache.get(key)
    except ERRORS:
        return None
    return names


def _keep(key: str, names: list[tuple[str, str]]) -> None:
    try:
        cache.set(key, names, ROLES_KEPT)
    except ERRORS:
        logger.debug("role holders were not kept")
