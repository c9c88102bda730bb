"""One worker of campaigns, in a process of its own that a test may kill: it asks, sends to Altinn, orders mails and mails them.

Run by `campaign_run`. Reads a line of JSON with where things are, says that it is ready, and works until it is ended, or until
the process that began it is gone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import timedelta

import django


def main() -> None:
    where = json.loads(sys.stdin.readline())
    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from portal.core import lease

    settings.DATABASES["default"]["NAME"], settings.SANDBOX_URL = where["database"], where["sandbox"]
    settings.OUTBOX_MAIL_BACKEND = "portal.core.outbox.mail.SmtpBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", where["smtp"], 5
    settings.PORTAL_URL = "http://127.0.0.1:8000"
    _shorten(lease, timedelta(seconds=where["lease"]))

    from portal.core.outbox import delivery
    from systemusers.services import access, invitations
    from systemusers.services.campaigns import asking, work

    asking.CHUNK = where["chunk"]
    steps = [work.run, access.send_due, invitations.work_due, delivery.send_due, invitations.note_results]
    print("ready", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        if not sum(step(at=timezone.now()) for step in steps):
            delivery.sweep(at=timezone.now())
            time.sleep(0.5)


def _shorten(lease: object, length: timedelta) -> None:
    """The leases of this worker: the next one need not wait so long for those of a dead one."""
    for name in ("claim", "take"):
        function = getattr(lease, name)
        function.__kwdefaults__["lease"] = length


if __name__ == "__main__":
    main()
