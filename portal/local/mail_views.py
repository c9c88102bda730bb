"""The mails that would have left, as pages: on one's own machine they are files, and leave for nobody."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from accounts.guard import StaffRequest, staff_page

NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]+\.log")
MOST = 100
END = b"\n" + b"-" * 79
"""What Django's file backend writes after each mail."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"


@dataclass(frozen=True)
class Mail:
    name: str
    at: datetime
    subject: str
    to: str
    text: str
    html: str
    headers: list[tuple[str, str]]


@staff_page()
@require_safe
def mails(request: StaffRequest) -> HttpResponse:
    """The newest first."""
    files = sorted(_folder().glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)[:MOST]
    shown = [mail for file in files if NAME.fullmatch(file.name) and (mail := _read(file))]
    return render(request, "portal/local_mails.html", {"mails": shown})


@staff_page()
@require_safe
def mail(request: StaffRequest, file: str) -> HttpResponse:
    page = render(request, "portal/local_mail.html", {"mail": _find(file)})
    policy_ = {**settings.CONTENT_SECURITY_POLICY, "frame-src": ["'self'"]}
    page["Content-Security-Policy"] = "; ".join(f"{key} {' '.join(sources)}" for key, sources in policy_.items())
    return page


@staff_page()
@xframe_options_sameorigin
@require_safe
def content(request: StaffRequest, file: str) -> HttpResponse:
    """The HTML alone, for a frame: nothing in it runs."""
    page = HttpResponse(_find(file).html)
    page["Content-Security-Policy"] = POLICY
    return page


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)


def _find(name: str) -> Mail:
    file = _folder() / name
    found = _read(file) if NAME.fullmatch(name) and file.is_file() else None
    if found is None:
        raise Http404
    return found


def _read(file: Path) -> Mail | None:
    """The mail in the file; None while it is being written."""
    raw = file.read_bytes().split(END)[0]
    message = message_from_bytes(raw, policy=policy.default)
    if not isinstance(message, EmailMessage) or not message["To"]:
        return None
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    return Mail(
        name=file.name,
        at=datetime.fromtimestamp(file.stat().st_mtime, tz=timezone.get_current_timezone()),
        subject=str(message["Subject"]),
        to=str(message["To"]),
        text=text.get_content() if text else "",
        html=_with_pictures(html.get_content(), message) if html else "",
        headers=[(key, str(value)) for key, value in message.items() if key.lower() not in ("subject", "to")],
    )


def _with_pictures(html: str, message: EmailMessage) -> str:
    for part in message.walk():
        cid = str(part["Content-ID"] or "").strip("<>")
        if cid and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_payload(decode=True)).decode()  # type: ignore[arg-type]
            html = html.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{data}")
    return html
