"""The sender of mails: by Django's own mail backends, and careful about what the mail server has accepted.

Errors of smtplib carry addresses; so none is logged or chained here, only its kind and the SMTP code's class.
Reply codes: RFC 5321 section 4.2.1 (4yz: try again later; 5yz: permanent).
"""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.mime.image import MIMEImage
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends import smtp
from django.utils.crypto import salted_hmac

from portal.core.outbox.delivery import NotAccepted, Sender, register
from portal.core.outbox.message import InlinePicture, OutboxMessage

REFUSED, DEFERRED, MALFORMED = "MAIL_REFUSED", "MAIL_DEFERRED", "MAIL_MALFORMED"
UNREACHABLE, LOGIN_REFUSED, SENDER_REFUSED = "MAIL_UNREACHABLE", "MAIL_LOGIN_REFUSED", "MAIL_SENDER_REFUSED"


def send(address: str, payload: dict[str, Any], key: str) -> None:
    """Hand one mail to the mail server. Raises NotAccepted; any other error came after its text began to leave."""
    mail = _mail(address, payload, key)
    backend = get_connection(settings.OUTBOX_MAIL_BACKEND)
    try:
        with _connecting():
            backend.open()
        with _handing_over(backend):
            backend.send_messages([mail])
    finally:
        with suppress(OSError):  # the result is known; saying goodbye changes nothing
            backend.close()


def _mail(address: str, payload: dict[str, Any], key: str) -> EmailMultiAlternatives:
    """Both forms of the text where there are two. The same message id each time, so that a repeated mail is recognised."""
    sender = str(settings.DEFAULT_FROM_EMAIL)
    host = sender.rpartition("@")[2].strip("> ") or "localhost"
    headers = {
        "Message-ID": f"<{salted_hmac('portal.outbox.message-id', key, algorithm='sha256').hexdigest()[:40]}@{host}>"
    }
    if payload["language"]:
        headers["Content-Language"] = payload["language"]
    headers |= payload.get("headers", {})
    reply_to = [payload["reply_to"]] if payload["reply_to"] else None
    mail = EmailMultiAlternatives(
        payload["subject"], payload["text"], sender, [address], headers=headers, reply_to=reply_to
    )
    if payload["html"]:
        mail.attach_alternative(payload["html"], "text/html")
    for picture in payload.get("pictures", []):
        _attach(mail, picture)
    try:
        mail.message()
    except ValueError:  # a line break in a header, or an address that is none
        raise NotAccepted(MALFORMED, is_final=True) from None
    return mail


def _attach(mail: EmailMultiAlternatives, picture: InlinePicture) -> None:
    """Beside the HTML that shows it. A picture that was deleted meanwhile is left out: the mail is whole without it."""
    try:
        with default_storage.open(picture["file"]) as file:
            part = MIMEImage(file.read())
    except (OSError, TypeError):  # no such file; none of the formats that mail programs show
        return
    part["Content-ID"] = f"<{picture['cid']}>"
    part["Content-Disposition"] = "inline"
    mail.mixed_subtype = "related"  # type: ignore[attr-defined]  # the stubs are of a newer Django
    mail.attach(part)


@contextmanager
def _connecting() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPAuthenticationError:
        raise NotAccepted(LOGIN_REFUSED) from None
    except OSError:  # smtplib's errors are OSErrors
        raise NotAccepted(UNREACHABLE) from None


@contextmanager
def _handing_over(backend: Any) -> Iterator[None]:
    """The server's own reply decides; without one, whether the text of the mail began to leave."""
    try:
        yield
    except smtplib.SMTPSenderRefused:
        raise NotAccepted(SENDER_REFUSED) from None
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_code(*(code for code, _ in error.recipients.values())) from None
    except smtplib.SMTPDataError as error:
        raise _by_code(error.smtp_code) from None
    except OSError:
        if getattr(getattr(backend, "connection", None), "text_began", True):
            raise
        raise NotAccepted(UNREACHABLE) from None


def _by_code(*codes: int) -> NotAccepted:
    is_final = all(code >= 500 for code in codes)
    return NotAccepted(REFUSED if is_final else DEFERRED, is_final=is_final)


class _Smtp(smtplib.SMTP):
    """Knows whether the server may have the text of a mail."""

    text_began = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.text_began = True
        return super().data(msg)


class SmtpBackend(smtp.EmailBackend):
    """Django's SMTP backend over a connection that knows whether the text of the mail began to leave."""

    connection_class = _Smtp


register(OutboxMessage.Kind.MAIL, Sender(send, outage_codes=(UNREACHABLE, LOGIN_REFUSED, SENDER_REFUSED)))
