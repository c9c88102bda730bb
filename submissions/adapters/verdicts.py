"""What an authority said of a report: the verdict, its reasons, and what is to be paid. Frozen dataclasses of plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Reason:
    """One deviation in the authority's own words. `severity` is avvist (rejected) or advarsel (warning)."""

    code: str
    text: str
    description: str = ""
    guidance: str = ""
    severity: str = ""
    where: str = ""


@dataclass(frozen=True)
class Claim:
    """One amount to pay. `what` is the authority's word (`submissions.adapters.claims` has labels), `amount` a decimal or ""."""

    what: str
    amount: str = ""
    kid: str = ""


@dataclass(frozen=True)
class Payment:
    """What the customer is to pay after an accepted report, as far as the feedback says. `due` is an ISO date; "" unknown."""

    claims: tuple[Claim, ...]
    account: str = ""
    due: str = ""


@dataclass(frozen=True)
class Verdict:
    """`accepted` None: the documents do not say."""

    accepted: bool | None
    reasons: tuple[Reason, ...] = ()
    reference: str = ""
    decided_at: datetime | None = None
    payment: Payment | None = None
