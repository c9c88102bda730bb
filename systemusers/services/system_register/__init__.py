"""Our systems in Altinn's system register: checked here, registered, updated, compared and deleted there."""

from systemusers.services.system_register.checks import SystemProblems, check_profile, check_system
from systemusers.services.system_register.drift import compare_system, pull_register_log
from systemusers.services.system_register.push import (
    NotConfirmed,
    Pushed,
    delete_system,
    register_system,
    update_system,
)
from systemusers.services.system_register.rows import save_profile, save_system

__all__ = [
    "NotConfirmed", "Pushed", "SystemProblems", "check_profile", "check_system", "compare_system", "delete_system",
    "pull_register_log", "register_system", "save_profile", "save_system", "update_system",
]  # fmt: skip
