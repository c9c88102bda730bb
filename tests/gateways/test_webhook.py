"""A message to a stranger's server: to the address that was checked, by its name, with a path that nobody reads in a log."""

from __future__ import annotations

import logging

import pytest

from portal.gateways import http, webhook
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from portal.gateways.http import CallStats
from tests.gateways.remote import Remote

URL = "https://erp.example.no:8443/hooks/a-secret?x=1"


def deliver(ip: str = "93.184.215.14") -> None:
    webhook.deliver(URL, ip=ip, content=b"{}", headers={"webhook-id": "1", "Content-Type": "application/json"})


@pytest.mark.parametrize("ip", ["93.184.215.14", "2a00:1450:4010:c0e::71"])
def test_the_connection_goes_to_the_address_and_the_certificate_is_of_the_name(remote: Remote, ip: str) -> None:
    remote.says(status=204)

    deliver(ip)

    asked = remote.asked
    place = f"[{ip}]" if ":" in ip else ip
    assert str(asked.url) == f"https://{place}:8443/hooks/a-secret?x=1"
    assert (asked.headers["Host"], asked.extensions["sni_hostname"]) == ("erp.example.no:8443", "erp.example.no")
    assert (asked.headers["Connection"], asked.headers["webhook-id"], asked.content) == ("close", "1", b"{}")


def test_no_log_and_no_figure_has_the_path(
    remote: Remote, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[CallStats] = []
    monkeypatch.setattr(http, "observers", [noted.append])
    remote.says(status=500)

    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as caught:
        deliver()

    assert [(each.service, each.host, each.path) for each in noted] == [("webhook", "erp.example.no:8443", "/…")]
    assert "a-secret" not in caplog.text + str(caught.value)


def test_an_answer_without_end_is_not_read(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 10)
    remote.says("x" * 1000, status=200)

    deliver()  # what is read and too large is a BrokenReply

    assert len(remote.requests) == 1


@pytest.mark.parametrize(("status", "error"), [(302, BrokenReply), (400, Refused), (410, Refused), (429, Unavailable)])
def test_all_but_success_is_an_error_and_no_redirect_is_followed(
    remote: Remote, status: int, error: type[Exception]
) -> None:
    remote.says(status=status, location="https://10.0.0.1/")

    with pytest.raises(error):
        deliver()

    assert len(remote.requests) == 1
