"""One worker that sends reports, in a process of its own: its CPU time is nobody else's.

Run by `test_deliveries`. Reads a line of JSON with where things are; when it has said that it is ready, a second line starts it.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from typing import Any

import django


def main() -> None:
    where = json.loads(sys.stdin.readline())
    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from portal.gateways import http
    from portal.gateways.http import CallStats
    from submissions.models import Submission
    from submissions.services.sending import send

    storages: Any = settings.STORAGES
    storages["documents"]["OPTIONS"]["location"] = where["documents"]
    settings.DATABASES["default"]["NAME"], settings.SANDBOX_URL = where["database"], where["sandbox"]
    answers: Counter[int | None] = Counter()

    def note(stats: CallStats) -> None:
        if stats.service == "skatteetaten":
            answers[stats.status] += 1

    http.observers.append(note)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.process_time()
    while Submission.objects.filter(status__in=["QUEUED", "SENDING"], lease_until=None).exists():
        send.send_due(at=timezone.now(), when_full=lambda: None)
    print(json.dumps({"seconds": time.process_time() - began, "answers": list(answers.items())}), flush=True)


if __name__ == "__main__":
    main()
