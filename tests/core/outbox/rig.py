"""What the tests of the outbox share."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from portal.core.outbox.message import MailPayload, OutboxMessage
from portal.core.outbox.put import put
from tests.fixtures import AT

ADDRESS = "kari.nordmann@nordlys.example"
MAIL = MailPayload(
    subject="Lag nytt passord",
    text="https://portal.example/secret-link",
    html="<p>Hei</p>",
    reply_to="hjelp@vendor.example",
    language="nb",
)
LATER = AT + timedelta(minutes=20)


class Killed(BaseException):
    """The process ends here: no handler of ours runs."""


def put_one(key: str = "reset:1", *, at: datetime = AT, **more: Any) -> OutboxMessage:
    put(**{"kind": "MAIL", "key": key, "address": ADDRESS, "payload": MAIL, "at": at, **more})
    return OutboxMessage.objects.get(key=key)


def again(message: OutboxMessage) -> OutboxMessage:
    return OutboxMessage.objects.get(pk=message.pk)


def in_threads(work: Any, number: int) -> None:
    gate, errors = threading.Barrier(number), []

    def run() -> None:
        gate.wait()
        try:
            work()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
