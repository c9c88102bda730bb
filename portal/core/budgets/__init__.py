"""How many calls we make outside, shared by all processes through Valkey: one budget for each host, or API where its owner counts so.

A budget slows down when the remote says that it is too much or fails often, stops for as long as the remote asks for, and
recovers within a minute. `now` says what each is doing.
"""

from portal.core.budgets.call import slot
from portal.core.budgets.shown import State, now

__all__ = ["State", "now", "slot"]
