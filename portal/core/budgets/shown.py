"""What the budgets are doing, for people who operate the portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from portal.core.budgets import store
from portal.core.budgets.policy import AT_ONCE, BY_API
from portal.core.environments import Environment
from portal.core.upstream import environment_of
from portal.core.valkey import ERRORS, valkey


@dataclass(frozen=True)
class State:
    """One budget. `name`: service and host, or API. `rate` and `usual`: calls a second now, and when all is well.

    `at_once`: how many calls may be made at once, 0 without such a limit; `in_use`: how many are. `paused_until`: the remote has
    asked for no calls until then. `slowed_at` and `slowed_by`: when it was last made slower, and by which status, "" for slow or
    missing answers. `waited_at`: when a call last had to wait.
    """

    name: str
    environment: Environment | None
    rate: float
    usual: float
    at_once: int
    in_use: int
    paused_until: datetime | None
    slowed_at: datetime | None
    slowed_by: str
    waited_at: datetime | None

    @property
    def is_slowed(self) -> bool:
        return self.rate < self.usual * 0.99

    def pause(self, *, at: datetime) -> float:
        """Seconds for which the remote has asked for no calls."""
        return max(0.0, (self.paused_until - at).total_seconds()) if self.paused_until else 0.0


def now(*, at: datetime) -> list[State] | None:
    """The budgets that have been used in the last day, by name. None while Valkey does not answer."""
    try:
        names = sorted(name.decode() if isinstance(name, bytes) else name for name in valkey().smembers(store.ALL))
        with valkey().pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(store.key_of(name))
                pipe.zcount(store.slots_of(name), at.timestamp(), "+inf")
            answers = pipe.execute()
        kept = [
            (name, fields, slots)
            for name, fields, slots in zip(names, answers[::2], answers[1::2], strict=True)
            if fields
        ]
        if len(kept) < len(names):
            valkey().srem(store.ALL, *(set(names) - {name for name, _fields, _slots in kept}))
    except ERRORS:
        return None
    return [
        _state(name, {key.decode(): value.decode() for key, value in fields.items()}, slots, at)
        for name, fields, slots in kept
    ]


def _state(name: str, fields: Mapping[str, str], in_use: int, at: datetime) -> State:
    usual, paused = float(fields["ceiling"]), _moment(fields.get("paused"))
    since = (
        max(_moment(fields.get("at")) or at, paused or at)
        if paused and paused > at
        else _moment(fields.get("at")) or at
    )
    gone = max(0.0, (at - since).total_seconds())
    service, _, where = name.partition("@")
    return State(
        name=name,
        environment=environment_of(where.partition("/")[0]),
        rate=min(usual, float(fields["rate"]) + gone * usual / store.RECOVERY),
        usual=usual,
        at_once=AT_ONCE if service == BY_API else 0,
        in_use=in_use,
        paused_until=paused if paused and paused > at else None,
        slowed_at=_moment(fields.get("cut")),
        slowed_by=fields.get("why", ""),
        waited_at=_moment(fields.get("waited")),
    )


def _moment(stamp: str | None) -> datetime | None:
    return datetime.fromtimestamp(float(stamp), UTC) if stamp else None
