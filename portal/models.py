"""The models of the Django app `portal`. They are defined in `portal.core`, beside the code that writes them."""

from portal.core.audit import AuditEvent, AuditSeal

__all__ = ["AuditEvent", "AuditSeal"]
