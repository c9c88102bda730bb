"""Keys of our Maskinporten clients, from the first to the last day of each.

`lifecycle` makes, activates and retires; `parsing` and `importing` take in a key made elsewhere; `self_service` and `rotation`
work with Digdir's API; `ending` mails before a key ends. Only `lifecycle` is re-exported: the others need tokens, which need it.
"""

from systemusers.services.keys.lifecycle import (
    KEY_PROBLEMS,
    LAST_WARNING,
    LIFETIME,
    MOST_KEYS,
    WAITING,
    WARNINGS,
    KeyIsFixed,
    KeyNotAccepted,
    KeyRetired,
    KidInUse,
    NoKey,
    TooManyKeys,
    activate_key,
    active_key,
    can_rename,
    days_left,
    grant_for,
    make_key,
    note_use,
    public_jwk_text,
    rename_key,
    retire_key,
    wake_waiting,
    warning,
)

__all__ = [
    "KEY_PROBLEMS", "LAST_WARNING", "LIFETIME", "MOST_KEYS", "WAITING", "WARNINGS", "KeyIsFixed", "KeyNotAccepted", "KeyRetired",
    "KidInUse",    "NoKey", "TooManyKeys", "activate_key", "active_key", "can_rename", "days_left", "grant_for", "make_key", "note_use",
    "public_jwk_text", "rename_key", "retire_key", "wake_waiting", "warning",
]  # fmt: skip
