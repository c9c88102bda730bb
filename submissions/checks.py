"""System checks: the portal does not start with a service that no adapter can send."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from submissions.adapters import ADAPTERS, RETRIEVALS
from submissions.services.catalogue import Service, services
from submissions.services.entries import WrongEntry

UNKNOWN_ADAPTER, OTHER_PERIOD, WRONG_OPTIONS, WRONG_ENTRY = (f"submissions.E00{number}" for number in (1, 2, 3, 4))


@register()
def check_adapters(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Every entry of the service catalogue names an adapter that exists, sends for the same kind of period and accepts its options."""
    try:
        return [error for service in services() for error in _errors(service)]
    except WrongEntry as error:
        return [Error(f"The service catalogue: {error}.", id=WRONG_ENTRY)]


def _errors(service: Service) -> list[CheckMessage]:
    if (not service.adapter and not service.enabled) or service.adapter in RETRIEVALS:
        return []
    adapter = ADAPTERS.get(service.adapter) or RETRIEVALS.get(service.adapter)
    if adapter is None:
        text = f"The service catalogue names the adapter {service.adapter!r} for {service.id}, which does not exist."
        return [Error(text, hint=f"Known adapters: {', '.join(sorted({*ADAPTERS, *RETRIEVALS}))}.", id=UNKNOWN_ADAPTER)]
    if adapter.period_kind != service.period:
        text = f"{service.id} is for a {service.period}, its adapter {adapter.name} for a {adapter.period_kind}."
        return [Error(text, id=OTHER_PERIOD)]
    fault = adapter.options_fault(service.options)
    return [Error(f"The options of {service.id}: {fault}.", id=WRONG_OPTIONS)] if fault else []
