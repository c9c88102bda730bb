"""TWO_PERSONS: which acts take two persons, and where. Read by the settings; no Django here.

It comes from the environment and from no page: whoever could switch it off by a button could do alone what takes two.
"""

from __future__ import annotations

from portal.core.env import BadSetting, Env

EVERYWHERE = ("SANDBOX", "TEST", "PRODUCTION")
BY_ENVIRONMENT = ("keys", "systems", "asking")
RULES = (*BY_ENVIRONMENT, "roles")
"""Roles are given for the whole installation, so their rule holds for all of it."""
EXAMPLE = "keys@production,systems@production,asking,roles"


def read(env: Env) -> dict[str, frozenset[str]]:
    """The environments of each rule that is on. Raises BadSetting."""
    found: dict[str, set[str]] = {}
    for word in env.list("TWO_PERSONS", example=EXAMPLE, default=()):
        rule, at, place = word.partition("@")
        known = EVERYWHERE if not at else tuple(each for each in EVERYWHERE if each == place.upper())
        if rule not in RULES or not known or (at and rule not in BY_ENVIRONMENT):
            problem = (
                f"has {word!r}: use {', '.join(RULES)}, or one of {', '.join(BY_ENVIRONMENT)} with an environment, "
                "as in keys@production"
            )
            raise BadSetting("TWO_PERSONS", problem, example=EXAMPLE)
        found.setdefault(rule, set()).update(known)
    return {rule: frozenset(places) for rule, places in found.items()}
