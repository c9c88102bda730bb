"""The outside services in the last hour, as our own calls measured them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.budgets import State
from portal.core.environments import Environment
from portal.core.formats import decimal
from portal.core.operation import calls
from portal.core.operation.calls import Measured
from portal.core.operation.counter import Fields, added
from portal.core.upstream import NAMES, SLOW_SECONDS
from portal.core.valkey import ERRORS
from portal.desk.operation import plots
from portal.desk.operation.budgets import find_budgets

OTHERS = {"enhetsregisteret": "Enhetsregisteret", "events": "Altinn Events", "digdir": "Digdir", "webhook": "Webhook"}
NOW = 10
"""Minutes by which the state is judged."""
NORMAL, SLOW, FAILING, PAUSED, UNUSED = "NORMAL", "SLOW", "FAILING", "PAUSED", "UNUSED"
COLOURS = {NORMAL: "success", SLOW: "warning", FAILING: "danger", PAUSED: "warning", UNUSED: "neutral"}
FAILING_SHARE, FAILING_NUMBER = 0.2, 3


@dataclass(frozen=True)
class Host:
    """One host, or one API where its owner counts by API. `slow`: the time within which 95 % were answered, in words."""

    name: str
    host: str
    state: str
    calls: int
    errors: int
    slow: str
    line: plots.Line
    budget: State | None
    pause: float

    @property
    def colour(self) -> str:
        return COLOURS[self.state]

    @property
    def label(self) -> str:
        return {
            NORMAL: _("Normal"), SLOW: _("Treg"), FAILING: _("Feiler"), PAUSED: _("Pause"), UNUSED: _("Ikke brukt nå"),
        }[self.state]  # fmt: skip

    @property
    def note(self) -> str:
        """For how long the host has asked us to wait, or that we ask less often than usual; "" for neither."""
        if not self.pause:
            return self._slowed
        seconds = math.ceil(self.pause)
        text = ngettext("Ba oss vente, %(n)s sekund igjen", "Ba oss vente, %(n)s sekunder igjen", seconds)
        return text % {"n": seconds}

    @property
    def _slowed(self) -> str:
        if self.budget is None or self.budget.at_once or not self.budget.is_slowed:
            return ""
        numbers = {"n": decimal(self.budget.rate), "usual": decimal(self.budget.usual)}
        return _("Vi spør sjeldnere: %(n)s av %(usual)s i sekundet") % numbers


@dataclass(frozen=True)
class Outside:
    """`errors`: of the last day by hour, for the plot. `is_known` is False when Valkey does not answer."""

    hosts: list[Host]
    errors: list[plots.Bar]
    is_known: bool = True

    @property
    def all_errors(self) -> int:
        return sum(bar.number for bar in self.errors)


def outside(*, environment: Environment, at: datetime, width: float = 560, height: float = 110) -> Outside:
    """No query; three round trips to Valkey."""
    try:
        minutes = calls.last_hour(environment, at=at)
        hours = calls.last_day(environment, at=at)
        hour, now = calls.measured(added(minutes)), calls.measured(added(minutes[-NOW:]))
        budgets = find_budgets(((one.service, one.host) for one in hour), at=at)
    except ERRORS:
        return Outside([], [], is_known=False)
    recent = {(one.service, one.host): one for one in now}
    lines = _lines(minutes)
    pauses = {key: budget.pause(at=at) for key, budget in budgets.items()}
    hosts = [
        Host(
            name=_name(one.service, one.host),
            host=one.host.partition("/")[0],
            state=_state(recent.get(key := (one.service, one.host)), pauses.get(key, 0.0)),
            calls=one.calls,
            errors=one.errors,
            slow=_seconds(one.slower_than(0.95)),
            line=plots.line(lines[key]),
            budget=budgets.get(key),
            pause=pauses.get(key, 0.0),
        )
        for one in hour
    ]
    numbers = [sum(one.errors for one in calls.measured(fields)) for fields in hours]
    labels = _clock(at, len(numbers))
    order = {name: index for index, name in enumerate(NAMES.values())}
    hosts.sort(key=lambda host: (order.get(host.name.partition(",")[0], len(order)), host.name, host.host))
    return Outside(hosts, plots.bars(numbers, labels, width=width, height=height))


def _name(service: str, host: str) -> str:
    """Of the service, with the API where each is counted alone: the end of its path, else the beginning of its host name."""
    name = NAMES.get(service) or OTHERS.get(service) or service
    if service != "skatteetaten":
        return name
    api = host.rpartition("/")[2] if "/" in host else host.partition(".")[0]
    return f"{name}, {api}"


def _clock(at: datetime, number: int) -> list[str]:
    """The hours of the day that the last `number` hours began with."""
    now = timezone.localtime(at).hour
    return [f"{(now - back) % 24:02}" for back in range(number - 1, -1, -1)]


def _lines(minutes: list[Fields]) -> dict[tuple[str, str], list[float]]:
    """The mean answer time of each minute, in milliseconds, by service and host; as before in a minute without calls."""
    by_minute = [{(one.service, one.host): one for one in calls.measured(fields)} for fields in minutes]
    keys = {key for some in by_minute for key in some}
    lines: dict[tuple[str, str], list[float]] = {}
    for key in keys:
        values: list[float] = []
        for some in by_minute:
            one = some.get(key)
            values.append(one.milliseconds / one.calls if one and one.calls else (values[-1] if values else 0.0))
        lines[key] = values
    return lines


def _state(now: Measured | None, pause: float) -> str:
    if pause:
        return PAUSED
    if now is None or not now.calls:
        return UNUSED
    if now.errors >= FAILING_NUMBER and now.errors / now.calls >= FAILING_SHARE:
        return FAILING
    typical = now.slower_than(0.5) or 0.0
    return SLOW if typical > SLOW_SECONDS else NORMAL


def _seconds(value: float | None) -> str:
    """As `≤ 250 ms`: what is counted are classes of answer times."""
    if value is None:
        return ""
    if math.isinf(value):
        return f"> {calls.LIMITS[-2]:.0f}\N{NO-BREAK SPACE}s"
    text = f"{value * 1000:.0f}\N{NO-BREAK SPACE}ms" if value < 1 else f"{_short(value)}\N{NO-BREAK SPACE}s"
    return f"≤\N{NO-BREAK SPACE}{text}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else decimal(value)
