"""The mails that would have left are read in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import Client

from accounts.models import User
from tests.fixtures import administrator, reader

__all__ = ["administrator", "reader"]
BACKEND = "django.core.mail.backends.filebased.EmailBackend"
pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    mail = EmailMultiAlternatives("Hei på deg", "Ren tekst ærlig", "portal@localhost", ["post@nordlys.example"])
    mail.attach_alternative("<p>Som <b>HTML</b></p><script>alert(1)</script>", "text/html")
    connection = get_connection(BACKEND)
    connection.send_messages([mail])
    connection.close()
    return tmp_path / "mail"


def test_a_mail_is_listed_and_read(folder: Path, client: Client, administrator: User) -> None:
    client.force_login(administrator)
    [file] = folder.iterdir()

    listed = client.get("/sandbox/local/mail/").content.decode()
    one = client.get(f"/sandbox/local/mail/{file.name}/").content.decode()
    content = client.get(f"/sandbox/local/mail/{file.name}/content/")

    assert "Hei på deg" in listed
    assert "Ren tekst ærlig" in one
    assert "post@nordlys.example" in one
    assert "<b>HTML</b>" in content.content.decode()
    assert content["Content-Security-Policy"].endswith("sandbox")


@pytest.mark.parametrize("name", ["20260101-000000-1.log", "..%2Fsecret.log", "x.log"])
def test_no_other_file_is_read(folder: Path, client: Client, administrator: User, name: str) -> None:
    (folder.parent / "secret.log").write_text("To: x", encoding="utf-8")
    client.force_login(administrator)

    assert client.get(f"/sandbox/local/mail/{name}/").status_code == 404


def test_without_mails_the_page_says_so(settings: Any, tmp_path: Path, client: Client, reader: User) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "none"
    client.force_login(reader)

    assert "Ingen e-post ennå." in client.get("/sandbox/local/mail/").content.decode()
