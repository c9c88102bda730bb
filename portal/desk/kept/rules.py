"""All rules of retention, by their kind. The weightiest first, as the page shows them."""

from __future__ import annotations

from accounts.services.retention import CONTACTS, IMPORTS, KEYED_CALLS, NOTES, PROPOSALS
from portal.core.feed.retention import FEED
from portal.core.outbox.retention import MAIL_BODIES, MAILS
from portal.core.retention.rule import Rule
from portal.core.retention.sessions import SESSIONS
from portal.desk.notifications.news import TOLD
from submissions.services import retention as submissions
from systemusers.services.retention import CLICKS

RULES: dict[str, Rule] = {
    rule.kind: rule
    for rule in [
        *submissions.RULES,
        NOTES,
        CONTACTS,
        CLICKS,
        MAIL_BODIES,
        MAILS,
        PROPOSALS,
        FEED,
        IMPORTS,
        KEYED_CALLS,
        TOLD,
        SESSIONS,
    ]
}
