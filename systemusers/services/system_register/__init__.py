"""Our systems in Altinn's system register: checked here, registered, taken over, compared, brought together and deleted there."""

from systemusers.services.system_register.checks import SystemProblems, check_profile, check_system
from systemusers.services.system_register.diff import Choice, Difference, Look, Side
from systemusers.services.system_register.drift import (
    compare_now,
    compare_system,
    copy_register_log,
    is_unknown,
    note_deletion,
)
from systemusers.services.system_register.entry import DeletedInAltinn, NotInAltinn, OwnedByAnother, why
from systemusers.services.system_register.importing import (
    Found,
    clients_for_register,
    find_system,
    import_system,
    list_systems,
    suggest_signing,
)
from systemusers.services.system_register.push import (
    IdTaken,
    NotConfirmed,
    Pushed,
    delete_system,
    register_system,
)
from systemusers.services.system_register.rows import save_profile, save_system
from systemusers.services.system_register.settling import (
    ChangedMeanwhile,
    NotTyped,
    Settled,
    check_typed,
    look_at,
    settle,
)
from systemusers.services.system_register.usage import Usage, Use

__all__ = [
    "ChangedMeanwhile", "Choice", "DeletedInAltinn", "Difference", "Found", "IdTaken", "Look", "NotConfirmed", "NotInAltinn",
    "NotTyped", "OwnedByAnother", "Pushed", "Settled", "Side", "SystemProblems", "Usage", "Use", "check_profile", "check_system",
    "check_typed", "clients_for_register", "compare_now", "compare_system", "copy_register_log", "delete_system", "find_system",
    "import_system", "is_unknown", "list_systems", "look_at", "note_deletion", "register_system", "save_profile", "save_system",
    "settle", "suggest_signing", "why",
]  # fmt: skip
