"""The models of the Django app `portal`. They are defined in `portal.core`, beside the code that writes them."""

from portal.core.audit import AuditEvent, AuditSeal
from portal.core.backup.row import Backup
from portal.core.feed.event import FeedEvent
from portal.core.heartbeat import Heartbeat
from portal.core.outbox.message import OutboxMessage
from portal.core.removed import Removed
from portal.core.retention.run import PurgeRun
from portal.core.trail.delivery import TrailDelivery
from portal.core.webhooks.row import Webhook

__all__ = [
    "AuditEvent", "AuditSeal", "Backup", "FeedEvent", "Heartbeat", "OutboxMessage", "PurgeRun", "Removed", "TrailDelivery",
    "Webhook",
]  # fmt: skip
