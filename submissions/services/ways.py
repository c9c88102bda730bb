"""The way of working of one submission: its adapter, and what the report must be about."""

from __future__ import annotations

from accounts.models import Customer
from submissions.adapters import adapter
from submissions.adapters.base import About, Adapter
from submissions.models import Submission
from submissions.services import catalogue


def adapter_of(submission: Submission) -> Adapter:
    """Raises catalogue.UnknownService."""
    return adapter(catalogue.service(submission.service).adapter)


def main_unit_of(customer: Customer) -> str:
    """The number of the main unit of a sub-unit, by the business register; "" for others, and when nothing is known."""
    return str(customer.business_register.get("main_unit") or "")


def about_of(submission: Submission) -> About:
    """Raises catalogue.UnknownService."""
    customer, options = submission.customer, catalogue.service(submission.service).options
    main_unit = main_unit_of(customer)
    asked = str(submission.answers.dialog_id) if submission.answers else ""
    return About(customer.orgnr, submission.period, submission.service, options, main_unit=main_unit, dialog_id=asked)
