"""Where a webhook may lead. Nobody reaches the operator's own network through the portal."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from pytest_django import Settings

from portal.core.webhooks import addresses
from portal.core.webhooks.addresses import NotAllowed


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What DNS says of each name."""
    known: dict[str, list[str]] = {}

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        if host not in known:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in known[host]]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", look_up)
    return known


@pytest.fixture(autouse=True)
def nothing_is_allowed(settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1",
        "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::", "ff02::1", "::",
    ],
)  # fmt: skip
def test_a_name_that_leads_inside_is_refused(names: dict[str, list[str]], address: str) -> None:
    names["erp.example.no"] = [address]

    with pytest.raises(NotAllowed, match="WEBHOOK_PRIVATE"):
        addresses.find("https://erp.example.no/hooks")


def test_one_address_inside_among_others_suffices(names: dict[str, list[str]]) -> None:
    names["erp.example.no"] = ["93.184.215.14", "10.0.0.1"]

    with pytest.raises(NotAllowed, match="WEBHOOK_PRIVATE"):
        addresses.find("https://erp.example.no/hooks")


@pytest.mark.parametrize("address", ["93.184.215.14", "2a00:1450:4010:c0e::71"])
def test_one_of_the_open_internet_is_where_we_connect_to(names: dict[str, list[str]], address: str) -> None:
    names["erp.example.no"] = [address]

    assert addresses.find("https://erp.example.no:8443/hooks?x=1") == address


def test_a_resolver_that_does_not_answer_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(addresses, "SECONDS", 0.05)
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: answers.wait(30))

    with pytest.raises(NotAllowed, match="WEBHOOK_UNKNOWN_HOST"):
        addresses.find("https://erp.example.no/hooks")

    assert not answers.is_set()
    answers.set()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://erp.example.no/", "WEBHOOK_NOT_HTTPS"), ("ftp://erp.example.no/", "WEBHOOK_NOT_HTTPS"),
        ("file:///etc/passwd", "WEBHOOK_BAD_ADDRESS"), ("https:///hooks", "WEBHOOK_BAD_ADDRESS"),
        ("https://a:b@erp.example.no/", "WEBHOOK_BAD_ADDRESS"), ("https://erp.example.no/#x", "WEBHOOK_BAD_ADDRESS"),
        ("https://erp.example.no/a b", "WEBHOOK_BAD_ADDRESS"), ("https://erp.example.no:99999/", "WEBHOOK_BAD_ADDRESS"),
        ("https://erp.example.no\\@unknown.example.no/", "WEBHOOK_BAD_ADDRESS"),
        ("https://erp.example.no/\r\nHost: x", "WEBHOOK_BAD_ADDRESS"), ("https://[::1", "WEBHOOK_BAD_ADDRESS"),
        ("https://unknown.example.no/", "WEBHOOK_UNKNOWN_HOST"), ("https://127.0.0.1/", "WEBHOOK_UNKNOWN_HOST"),
    ],
)  # fmt: skip
def test_what_is_no_address_of_ours_to_call(names: dict[str, list[str]], url: str, code: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        addresses.find(url)

    assert caught.value.code == code


@pytest.mark.parametrize("written", ["127.0.0.1", "0x7f.1", "2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_an_address_in_numbers_is_looked_up_like_a_name(written: str) -> None:
    with pytest.raises(NotAllowed, match=r"WEBHOOK_PRIVATE|WEBHOOK_UNKNOWN_HOST"):
        addresses.find(f"https://{written}/")


def test_a_host_that_the_operator_has_named_may_be_inside_and_without_tls(
    names: dict[str, list[str]], settings: Settings
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset({"erp.intern"})
    names |= {"erp.intern": ["10.0.0.5"], "other.intern": ["10.0.0.5"]}

    assert addresses.find("http://ERP.intern:8080/hooks") == "10.0.0.5"
    with pytest.raises(NotAllowed, match="WEBHOOK_PRIVATE"):
        addresses.find("https://other.intern/")


def test_a_host_with_letters_of_its_own_is_called_by_its_name_in_dns(names: dict[str, list[str]]) -> None:
    names["xn--regnskap-b-q9a.example"] = ["93.184.215.14"]

    with pytest.raises(NotAllowed, match="WEBHOOK_UNKNOWN_HOST"):
        addresses.find("https://ukjent-bø.example/")
    assert addresses._ascii("https://bø.example") == "xn--b-5ga.example"


def test_the_name_that_is_looked_up_is_the_one_that_is_called(names: dict[str, list[str]]) -> None:
    """Two standards write some letters in two ways: `strasse.example` is another host."""
    names["xn--strae-oqa.example"] = ["93.184.215.14"]

    assert addresses.find("https://straße.example/hooks") == "93.184.215.14"
