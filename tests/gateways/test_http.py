"""The HTTP channel: what is sent, which of three errors is raised, and what is logged about a call."""

from __future__ import annotations

import gzip
import logging
from datetime import UTC, datetime

import httpx
import pytest

from portal.core.request_id import request_id
from portal.gateways import http
from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable
from portal.gateways.http import CallStats, Channel, Reply, retry_after
from tests.gateways.remote import PIECE, Remote

SECRET = "eyJhbGciOiJub25lIn0.c2VjcmV0.c2ln"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CHANNEL = Channel(service="altinn", base_url="https://platform.test/api/")


def failure_of(remote: Remote, method: str = "GET") -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        CHANNEL.call(method, "/things", token=SECRET)
    return caught.value


# what leaves


def test_a_call_carries_the_token_and_the_id_of_the_request_that_led_to_it(remote: Remote) -> None:
    remote.says({})
    mark = request_id.set("req-12345678")

    CHANNEL.call("GET", "/things", token=SECRET)
    request_id.reset(mark)

    assert str(remote.asked.url) == "https://platform.test/api/things"
    assert remote.asked.headers["Authorization"] == f"Bearer {SECRET}"
    assert remote.asked.headers["X-Request-ID"] == "req-12345678"


def test_a_call_without_a_token_or_request_has_neither_header(remote: Remote) -> None:
    remote.says({})

    CHANNEL.call("GET", "/things")

    assert {"authorization", "x-request-id"}.isdisjoint(remote.asked.headers)


def test_a_cookie_of_one_call_is_not_in_the_next(remote: Remote) -> None:
    remote.says({}, set_cookie="affinity=customer-1; Path=/")

    CHANNEL.call("GET", "/things")
    CHANNEL.call("GET", "/things")

    assert "cookie" not in remote.asked.headers


def test_a_redirect_is_not_followed_and_needs_a_person(remote: Remote) -> None:
    remote.says(status=302, location="https://elsewhere.test/")

    error = failure_of(remote)

    assert isinstance(error, BrokenReply)
    assert len(remote.requests) == 1


def test_nothing_is_asked_twice_by_itself(remote: Remote) -> None:
    remote.says(status=503)

    failure_of(remote)

    assert len(remote.requests) == 1


# the three families


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 412, 415, 422])
def test_other_4xx_are_refusals(remote: Remote, status: int) -> None:
    remote.says({"code": "AUTH-00011"}, status=status)

    error = failure_of(remote)

    assert isinstance(error, Refused)
    assert (error.status, error.code) == (status, "AUTH-00011")


@pytest.mark.parametrize(
    ("status", "maybe_arrived"), [(429, False), (500, True), (502, True), (503, True), (504, True)]
)
def test_429_and_5xx_are_asked_again_later(remote: Remote, status: int, maybe_arrived: bool) -> None:
    remote.says({"kode": "GLD_023"}, status=status, retry_after="7")

    error = failure_of(remote, "POST")

    assert isinstance(error, Unavailable)
    assert (error.status, error.code, error.retry_after) == (status, "GLD_023", 7.0)
    assert error.maybe_arrived is maybe_arrived


@pytest.mark.parametrize(
    ("broken", "maybe_arrived"),
    [
        (httpx.ConnectError("no"), False),
        (httpx.ConnectTimeout("no"), False),
        (httpx.PoolTimeout("no"), False),
        (httpx.ProxyError("no"), False),
        (httpx.WriteTimeout("no"), True),
        (httpx.WriteError("no"), True),
        (httpx.ReadTimeout("no"), True),
        (httpx.ReadError("no"), True),
        (httpx.RemoteProtocolError("no"), True),
        (httpx.CloseError("no"), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_broken_connection_tells_whether_the_remote_may_have_heard(
    remote: Remote, broken: Exception, maybe_arrived: bool
) -> None:
    remote.fails(broken)

    error = failure_of(remote, "POST")

    assert isinstance(error, Unavailable)
    assert (error.maybe_arrived, error.retry_after, error.status) == (maybe_arrived, None, None)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a":', b"\xff\xfe{", b"[" * 100_000])
def test_a_success_that_is_not_json_is_a_broken_reply(remote: Remote, body: bytes) -> None:
    remote.says(body)

    with pytest.raises(BrokenReply):
        CHANNEL.call("GET", "/things").json()


def test_a_body_shorter_than_promised_may_have_arrived(remote: Remote) -> None:
    remote.says(b'{"id": 1', content_length="40")

    error = failure_of(remote)

    assert isinstance(error, Unavailable)
    assert error.maybe_arrived


def test_a_compressed_body_is_not_taken_for_a_short_one(remote: Remote) -> None:
    packed = gzip.compress(b"[1]")
    remote.says(packed, content_encoding="gzip", content_length=str(len(packed)))

    assert CHANNEL.call("GET", "/things").json() == [1]


def test_a_body_that_cannot_be_unpacked_is_a_broken_reply(remote: Remote) -> None:
    remote.says(b"not gzip", content_encoding="gzip")

    assert isinstance(failure_of(remote), BrokenReply)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """The most bytes a body may have, made small."""
    monkeypatch.setattr(http, "MOST_BYTES", 10)
    return 10


def test_a_body_over_the_limit_is_a_broken_reply(remote: Remote, small: int) -> None:
    remote.says(b"x" * (small + 1))

    assert isinstance(failure_of(remote), BrokenReply)


def test_a_body_at_the_limit_is_read(remote: Remote, small: int) -> None:
    remote.says(b"x" * small)

    assert len(CHANNEL.call("GET", "/things").content) == small


@pytest.mark.parametrize(("status", "most"), [(200, 2**20), (403, http.MOST_REASON)])
def test_no_more_is_read_than_is_of_use(
    remote: Remote, noted: list[CallStats], monkeypatch: pytest.MonkeyPatch, status: int, most: int
) -> None:
    monkeypatch.setattr(http, "MOST_BYTES", 2**20)
    remote.says(b"x" * 2**22, status=status)

    error = failure_of(remote)

    assert isinstance(error, Refused if status == 403 else BrokenReply)
    assert most < noted[0].received_bytes <= most + PIECE


def test_an_answer_that_drips_for_ever_is_given_up(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MOST_SECONDS", -1)
    remote.says(b"x")

    error = failure_of(remote)

    assert isinstance(error, Unavailable)
    assert error.maybe_arrived


# Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 15 ", 15.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999999999999999999", 86400.0),
        ("Mon, 23 Nov 2037 12:00:00 GMT", 86400.0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(value: str, seconds: float) -> None:
    assert retry_after(value, now=NOW) == seconds


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1.5", "²", "Mon, 99 Foo 2026", "Mon, 23 Nov 99999999999 12:00:00 GMT"]
)
def test_an_unreadable_retry_after_is_none(value: str) -> None:
    assert retry_after(value, now=NOW) is None


# what is told afterwards


def test_an_observer_gets_the_facts_of_a_call(remote: Remote, noted: list[CallStats]) -> None:
    remote.says(b'{"a": 1}')

    CHANNEL.call("POST", "/things/42", params={"token": "next-page"}, json={"b": 2})

    (stats,) = noted
    assert (stats.service, stats.host, stats.method) == ("altinn", "platform.test", "POST")
    assert (stats.path, stats.status, stats.error) == ("/api/things/42", 200, "")
    assert (stats.sent_bytes, stats.received_bytes) == (7, 8)
    assert stats.seconds > 0


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, "Refused"), (503, "Unavailable"), (200, "BrokenReply"), (302, "BrokenReply")],
)
def test_an_observer_gets_the_status_of_failures_too(
    remote: Remote, noted: list[CallStats], small: int, status: int, error: str
) -> None:
    body = b"x" * (small + 1)
    remote.says(body, status=status)

    failure_of(remote)

    assert [(stats.status, stats.error) for stats in noted] == [(status, error)]


def test_an_observer_hears_of_a_call_nobody_answered(remote: Remote, noted: list[CallStats]) -> None:
    remote.fails(httpx.ConnectError("no"))

    failure_of(remote)

    assert [(stats.status, stats.error) for stats in noted] == [(None, "Unavailable")]


def test_a_call_stands_when_an_observer_fails(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(stats: CallStats) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(http, "observers", [fail])
    remote.says({"a": 1})

    assert CHANNEL.call("GET", "/things").json() == {"a": 1}


def test_one_line_is_logged_and_it_holds_no_secret(remote: Remote, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="portal.gateways")
    remote.says(f'{{"access_token": "{SECRET}"}}')

    CHANNEL.call("POST", "/things", token=SECRET, params={"key": "hunter2"}, data={"assertion": SECRET})

    (record,) = caplog.records
    assert record.getMessage().startswith("altinn POST /api/things 200 in ")
    assert not any(secret in str(record.__dict__) for secret in (SECRET, "hunter2"))


def test_an_error_holds_service_path_and_status_but_no_secret(remote: Remote) -> None:
    remote.says({"detail": f"bad token {SECRET}"}, status=401)

    with pytest.raises(Refused) as caught:
        CHANNEL.call("GET", "/things", token=SECRET, params={"key": "hunter2"})

    assert str(caught.value) == "altinn GET /api/things: 401"


def test_an_unreadable_success_is_not_quoted_anywhere_in_its_error(remote: Remote) -> None:
    remote.says(f'{{"access_token": "{SECRET}"')

    with pytest.raises(BrokenReply) as caught:
        CHANNEL.call("GET", "/things").json()

    assert caught.value.__suppress_context__
    assert SECRET not in str(caught.value)


def test_a_reply_does_not_show_its_body(remote: Remote) -> None:
    reply = Reply(200, {"set-cookie": SECRET}, SECRET.encode(), "altinn GET /things")

    assert SECRET not in repr(reply)
