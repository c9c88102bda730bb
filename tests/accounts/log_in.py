"""Logging in as a person does: the password, and a code of the app."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.totp.internal.auth import hotp_value
from django.test import Client
from django.urls import reverse

from accounts.models import User

PASSWORD = "a long enough password"


def give_password(client: Client, user: User, password: str = PASSWORD, **more: Any) -> Any:
    return client.post(reverse("account_login"), {"login": user.email, "password": password}, **more)


def give_code(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code})


def code_now(secret: str, *, later: int = 0) -> str:
    """The code that the app shows, or will show `later` periods from now."""
    return f"{hotp_value(secret, int(time.time()) // 30 + later):06}"


def set_up_app(client: Client, place: str = "sandbox") -> tuple[str, list[str]]:
    """Through the pages: the secret, and the recovery codes."""
    url = reverse("code-app", kwargs={"environment": place})
    page = client.get(url)
    form = page.context["form"]
    reply = client.post(url, {"sealed": form["sealed"].value(), "code": code_now(form.secret)})
    assert reply.status_code == 302, reply.text
    codes = re.findall(r"<code>(\d{8})</code>", client.get(reply["Location"]).text)
    return form.secret, codes
