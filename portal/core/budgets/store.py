"""The budgets in Valkey, by its own clock: tokens that come at a rate, slots for calls at once, and pauses.

Everything may be lost at any time: a budget that is not there is full and begins at its usual rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.core.budgets.policy import Policy
from portal.core.valkey import valkey

SLOT_LIFE = 180.0
"""Seconds: longer than the longest call. The slot of a dead process is free again after it."""
RECOVERY = 60.0
"""Seconds from a standstill to the usual rate."""
SLOWEST = 0.05
"""Of the usual rate: no budget becomes slower than this."""
CUT_EVERY = 2.0
"""Seconds: what fails at once in many threads slows the budget down once."""
KEPT = 24 * 3600
ALL = "budgets"
_STATE = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local h = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'rate', 'paused')
local ceiling = tonumber(ARGV[1])
local paused = tonumber(h[4]) or 0
local since = math.max(tonumber(h[2]) or now, math.min(paused, now))
local gone = math.max(0, now - since)
local rate = math.min(ceiling, (tonumber(h[3]) or ceiling) + gone * ceiling / tonumber(ARGV[2]))
local most = math.max(1, rate)
local tokens = math.min(most, (tonumber(h[1]) or most) + gone * rate)
local function keep(left, name, life)
  if redis.call('HSETNX', KEYS[1], 'ceiling', ceiling) == 1 then redis.call('SADD', KEYS[2], name) end
  redis.call('HSET', KEYS[1], 'tokens', tostring(left), 'at', tostring(now), 'rate', tostring(rate))
  redis.call('EXPIRE', KEYS[1], tonumber(life))
end
"""
_TAKE = (
    _STATE
    + """
local at_once, want, debt = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if paused > now then return {0, math.ceil((paused - now) * 1000), 1} end
if at_once > 0 then
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
  if redis.call('ZCARD', KEYS[3]) >= at_once then
    redis.call('HSET', KEYS[1], 'waited', now)
    keep(tokens, ARGV[8], ARGV[9])
    return {0, 0, 0}
  end
end
local given = math.min(want, math.floor(tokens + debt * rate))
local wait = 0
if given < 1 then
  given, wait = 0, math.ceil((1 - tokens - debt * rate) / rate * 1000)
  redis.call('HSET', KEYS[1], 'waited', now)
elseif at_once > 0 then
  redis.call('ZADD', KEYS[3], now + tonumber(ARGV[6]), ARGV[7])
  redis.call('EXPIRE', KEYS[3], math.ceil(tonumber(ARGV[6])))
end
keep(tokens - given, ARGV[8], ARGV[9])
return {given, wait, 0}
"""
)
_SLOW = (
    _STATE
    + """
local pause = tonumber(ARGV[3])
if now - (tonumber(redis.call('HGET', KEYS[1], 'cut')) or 0) >= tonumber(ARGV[5]) then
  rate = math.max(ceiling * tonumber(ARGV[6]), rate * tonumber(ARGV[4]))
  redis.call('HSET', KEYS[1], 'cut', tostring(now), 'why', ARGV[7])
end
if pause > 0 then redis.call('HSET', KEYS[1], 'paused', tostring(math.max(paused, now + pause))) end
keep(math.min(tokens, math.max(1, rate)), ARGV[8], ARGV[9])
return 1
"""
)


@dataclass(frozen=True)
class Taken:
    """`number` calls may be made now; 0: after `wait` seconds at the earliest. `is_paused`: the remote has asked for it."""

    number: int
    wait: float = 0.0
    is_paused: bool = False


def take(policy: Policy, *, want: int, debt: float, ident: str) -> Taken:
    """`debt`: seconds of the rate that may be spent ahead. `ident`: of the slot, where calls at once are counted."""
    keys = [key_of(policy.name), ALL, slots_of(policy.name)]
    args: list[str | float] = [policy.rate, RECOVERY, policy.at_once, want, debt, SLOT_LIFE, ident, policy.name, KEPT]
    number, wait, paused = valkey().eval(_TAKE, len(keys), *keys, *args)
    return Taken(int(number), int(wait) / 1000, bool(paused))


def give_back(policy: Policy, ident: str) -> None:
    valkey().zrem(slots_of(policy.name), ident)


def slow_down(policy: Policy, *, factor: float, pause: float, why: str) -> None:
    """`pause`: seconds without any call."""
    args: list[str | float] = [policy.rate, RECOVERY, pause, factor, CUT_EVERY, SLOWEST, why, policy.name, KEPT]
    valkey().eval(_SLOW, 2, key_of(policy.name), ALL, *args)


def key_of(name: str) -> str:
    return f"budget:{name}"


def slots_of(name: str) -> str:
    return f"budget:{name}:slots"
