"""What the pages of integrations show of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Integration, IntegrationProof, Scope
from accounts.services.actors import Names, names_of, person


@dataclass(frozen=True)
class ProofShown:
    proof: IntegrationProof
    is_valid: bool


@dataclass(frozen=True)
class Shown:
    """`note` is what is to be seen at once, with Designsystemet's name of its colour."""

    integration: Integration
    scopes: list[tuple[str, str]]
    sees: str
    proofs: list[ProofShown]
    note: str
    colour: str
    made_by: str

    @property
    def valid(self) -> int:
        return sum(each.is_valid for each in self.proofs)


def all_shown(rows: Iterable[Integration], *, at: datetime, names: Names | None = None) -> list[Shown]:
    """One query for the names of all, unless they are at hand."""
    found = list(rows)
    names = names_of(row.made_by for row in found) if names is None else names
    return [shown(row, at=at, names=names) for row in found]


def shown(row: Integration, *, at: datetime, names: Names | None = None) -> Shown:
    """`names`: of those who made integrations, where they are at hand."""
    names = names_of([row.made_by]) if names is None else names
    proofs = [ProofShown(each, each.ends_at is None or each.ends_at > at) for each in row.proofs.all()]
    note, colour = _note(row, proofs)
    return Shown(
        integration=row, scopes=[(scope, str(Scope(scope).label)) for scope in row.scopes], sees=_sees(row), proofs=proofs,
        note=note, colour=colour, made_by=person(row.made_by, names),
    )  # fmt: skip


def _sees(row: Integration) -> str:
    if row.sees_all_customers:
        return _("Alle kunder")
    return ", ".join(each.name for each in row.portfolios.all()) or _("Ingen kunder")


def _note(row: Integration, proofs: list[ProofShown]) -> tuple[str, str]:
    if row.stopped_at:
        return _("Stengt"), "danger"
    if not any(each.is_valid for each in proofs):
        return _("Trenger en hemmelighet eller nøkkel"), "warning"
    return (_("I bruk"), "success") if row.last_used_at else (_("Ikke brukt ennå"), "neutral")
