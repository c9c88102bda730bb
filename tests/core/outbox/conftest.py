from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.outbox.smtp import MailServer, mail_server
from tests.fixtures import administrator, portfolio, reader, vendor

__all__ = ["administrator", "portfolio", "reader", "vendor"]


@pytest.fixture(autouse=True)
def smtp(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.OUTBOX_MAIL_BACKEND = "portal.core.outbox.mail.SmtpBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield server
