"""What a change asks for, in the words that Altinn uses: what the customer has approved before, and what comes on top of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from portal.gateways import urns
from systemusers.models import ChangeRequest
from systemusers.services.offered import names_of


def in_words(changes: Iterable[tuple[ChangeRequest, str]]) -> dict[tuple[int, str], dict[str, str]]:
    """The values of the placeholders `before` and `added`, by the id of the change and the language of a receiver.

    One query for each language. The changes have their access loaded.
    """
    grouped: dict[tuple[str, str], list[ChangeRequest]] = defaultdict(list)
    for change, language in changes:
        grouped[change.environment, language].append(change)
    found = {}
    for (environment, language), group in grouped.items():
        codes = {code for change in group for code in [*_before(change), *_added(change)]}
        names = names_of(environment, codes, language=language)
        for change in group:
            found[change.pk, language] = {
                "before": lines(_before(change), names),
                "added": lines(_added(change), names),
            }
    return found


def _before(change: ChangeRequest) -> list[str]:
    return [*change.access.rights, *change.access.packages]


def _added(change: ChangeRequest) -> list[str]:
    return [*change.required_rights, *change.required_packages]


def lines(codes: Iterable[str], names: dict[str, str]) -> str:
    """A list in a mail. A code without a name is shown as it is."""
    return "\n".join(f"- {names.get(code, code).removeprefix(urns.PACKAGE)}" for code in codes)
