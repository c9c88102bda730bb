"""The vendor's logo on our pages: at the address of its file, for everybody, and nothing else from that folder."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from accounts.models import User, Vendor

pytestmark = pytest.mark.usefixtures("own_storage")
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def give(vendor: Vendor, name: str, content: bytes) -> str:
    vendor.logo.save(name, ContentFile(content))
    return str(vendor.logo.url)


def test_a_stranger_sees_it_on_the_log_in_and_gets_its_picture(client: Client, vendor: Vendor) -> None:
    address = give(vendor, "merke.png", b"\x89PNG")

    page = client.get("/accounts/login/").content.decode()
    picture: Any = client.get(address)

    assert f'src="{address}"' in page
    assert (picture.status_code, picture["Content-Type"], picture.content) == (200, "image/png", b"\x89PNG")


def test_a_script_in_a_drawing_does_not_run(client: Client, vendor: Vendor) -> None:
    picture = client.get(give(vendor, "merke.svg", DRAWING))

    assert picture["Content-Type"] == "image/svg+xml"
    assert picture["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert picture["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["other.png", "merke.html", "..%2Fmerke.png"])
def test_only_the_logo_itself_is_there(client: Client, vendor: Vendor, name: str) -> None:
    give(vendor, "merke.png", b"\x89PNG")
    default_storage.save("logo/other.png", ContentFile(b"x"))

    assert client.get(f"/logo/{name}").status_code == 404


def test_a_logo_whose_file_is_gone_and_a_vendor_without_one_are_404(client: Client, vendor: Vendor) -> None:
    address = give(vendor, "merke.png", b"\x89PNG")
    default_storage.delete(vendor.logo.name)
    gone = client.get(address)
    Vendor.objects.all().delete()

    assert gone.status_code == client.get(address).status_code == 404


def test_what_is_no_picture_is_refused_where_it_is_chosen(vendor: Vendor, administrator: User) -> None:
    vendor.logo.name = "merke.html"

    with pytest.raises(ValidationError, match="png"):
        vendor.full_clean()
