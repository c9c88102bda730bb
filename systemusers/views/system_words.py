"""What a field of a system is called, and what went wrong with the register, in words for whoever asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.core.problems import code_of
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers.models import System
from systemusers.services import system_register
from systemusers.services.keys import NoKey

FOREIGN = (system_register.NotInAltinn, system_register.OwnedByAnother, system_register.DeletedInAltinn)
"""What makes an entry one that we cannot change. `system_register.why` has a sentence for each."""


def label_of(name: str) -> str:
    labels = {field.name: str(field.verbose_name) for field in System._meta.concrete_fields}
    label = labels.get(name, _("Systemet"))
    return label[:1].upper() + label[1:]  # capitalize() would write names such as Altinn in small letters


def sentences(error: Exception) -> list[str]:
    """Raises an error that is no answer to a person."""
    if isinstance(error, system_register.SystemProblems):
        return [
            f"{label_of(name)}: {sentence}" if name else sentence
            for name, texts in error.fields.items()
            for sentence in texts
        ]
    if isinstance(error, FOREIGN):
        return [system_register.why(error)]
    if isinstance(error, LostRace | IllegalTransition):
        return [_("Systemet har endret seg i mellomtiden. Her er det slik det er nå.")]
    if isinstance(error, NoKey | Refused | BrokenReply):
        return [explain(code_of(error)).sentence]
    if isinstance(error, Unavailable):
        return [_("Altinn svarer ikke nå. Det dere har skrevet, er lagret her. Prøv igjen om litt.")]
    raise error


def sentence(error: Exception) -> str:
    return " ".join(sentences(error))
