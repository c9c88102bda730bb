"""Log lines: nothing secret passes the last gate, and each carries the id of its request."""

import io
import json
import logging
import logging.config
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied, TooManyFieldsSent
from django.http.multipartparser import MultiPartParserError
from django.test import Client, RequestFactory

from portal.core import logging as logs
from portal.core.request_id import well_formed

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzY29wZSI6ImFsdGlubiJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----"


def configured(*, as_json: bool) -> tuple[logging.Handler, io.StringIO]:
    """A handler set up as production's, or as a terminal's, and what it wrote."""
    formatter = logs.configuration(level="INFO", as_json=as_json)["formatters"]["line"]
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        logs.RedactingFormatter(**{key: formatter[key] for key in ("foreign_pre_chain", "processors")})
    )
    return handler, written


@pytest.fixture
def lines():
    """A logger set up as production's, and what it wrote."""
    handler, written = configured(as_json=True)
    logger = logging.getLogger("tests.lines")
    logger.propagate = False
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield logger, written
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"got {TOKEN} back", "got [token] back"),
        (f"Authorization: Bearer {'a' * 20}", "Authorization: Bearer [token]"),
        (f"key {PEM} end", "key [private key] end"),
        ("key " + PEM.replace("\n", "\\n"), "key [private key]"),
        ('{"kty": "RSA", "d": "' + "x" * 40 + '"}', '{"kty": "RSA", "d": "[private key]"}'),
        ("person 01017012345 asked", "person [11 digits] asked"),
        ("person 010170 12345 asked", "person [11 digits] asked"),
        ("person 010170-12345 asked", "person [11 digits] asked"),
        ("rf1086u-01017012345.xml and f01017012345", "rf1086u-[11 digits].xml and f[11 digits]"),
        ("GET /return?t=abcDEF1234567890 200", "GET /return?t=[secret] 200"),
        ("GET /accounts/password/reset/key/3-abc-def0123456789/ 200", "GET /accounts/password/reset/key/[secret]/ 200"),
        ("postgresql://portal:correct-horse@db/portal", "postgresql://portal:[password]@db/portal"),
    ],
)
def test_a_secret_is_redacted(text, kept):
    assert logs.redact(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "orgnr 310123455",
        "id 6f9619ff-8b86-d011-b42d-12345678901f",
        f"sha256 {'12345678901a' * 5}abcd",
        "http://127.0.0.1:8000/a",
        "1763905200123456 µs",
    ],
)
def test_what_is_no_secret_stays(text):
    assert logs.redact(text) == text


def test_strangers_get_one_line_a_minute_for_each_kind_and_staff_all_of_theirs() -> None:
    told = logs.OneLineForStrangers()

    def line(path: str, *, minute: int, status: int = 404, user: Any = None) -> str:
        record = logging.makeLogRecord({"msg": "Not Found: %s", "args": (path,), "created": 60.0 * minute})
        record.status_code = status
        record.request = SimpleNamespace(path=path, _cached_user=user)
        return record.getMessage() if told.filter(record) else ""

    known = SimpleNamespace(is_authenticated=True)
    first = [line(f"/hooks/events/{n}", minute=1) for n in range(4)]
    others = [line("/l/x/", minute=1), line("/hooks/events/9", minute=1, status=400)]
    staff = [line("/sandbox/x/", minute=1, user=known) for _ in range(3)]
    faults = [line("/hooks/events/9", minute=1, status=500) for _ in range(2)]

    assert first == ["Not Found: /hooks/events/0", "", "", ""]
    assert all([*others, *staff, *faults])
    assert line("/hooks/events/5", minute=2) == "Not Found: /hooks/events/5 (and 3 like it since the last line)"


@pytest.mark.django_db
def test_no_request_of_a_stranger_has_a_line_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    """Also what Django tells on loggers of its own: tokens against forgery that are missing, hosts that are not ours, too many fields."""
    many = "&".join(f"f{number}=1" for number in range(2000))
    form = "application/x-www-form-urlencoded"
    logging.config.dictConfig(logs.configuration(level="INFO", as_json=True))
    try:
        for _time in range(5):
            Client(enforce_csrf_checks=True).post("/l/a-token-that-is-none/", {})
            Client().get("/accounts/login/", headers={"host": "evil.example"})
            Client().post("/accounts/login/", many, form)
    finally:
        logging.config.dictConfig(settings.LOGGING)

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    assert Counter(line["logger"] for line in lines if line["logger"].startswith("django.")) == {
        "django.security.csrf": 1, "django.security.DisallowedHost": 1,
    }  # fmt: skip
    assert not any("exception" in line for line in lines)


def test_a_line_is_one_json_object_with_the_id_of_its_request(lines):
    logger, written = lines
    token = logs.request_id.set("request-1234")

    logger.info("sent %s", "RF-1086", extra={"orgnr": "310123455"})

    logs.request_id.reset(token)
    line = json.loads(written.getvalue())
    assert (line["event"], line["request_id"], line["orgnr"]) == ("sent RF-1086", "request-1234", "310123455")


@pytest.mark.parametrize("as_json", [True, False])
def test_of_an_address_no_value_of_its_query_is_written(as_json: bool) -> None:
    request = RequestFactory().get("/accounts/oidc/callback/?code=aB3&state=xY9&q=Kari&a.b=c&flag")
    handler, written = configured(as_json=as_json)
    record = logging.makeLogRecord({"msg": "Forbidden: %s", "args": (request.path,), "request": request})

    handler.emit(record)

    line = written.getvalue()
    assert "GET /accounts/oidc/callback/?code&state&q" in line
    assert not any(value in line for value in ("aB3", "xY9", "Kari", "a.b"))


def test_a_traceback_is_redacted_too(lines):
    logger, written = lines

    try:
        raise ValueError(f"bad token {TOKEN}")
    except ValueError:
        logger.exception("failed")

    assert TOKEN not in written.getvalue()
    assert len(written.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "good"), [("abc-DEF_123", True), ("short", False), ("new\nline123", False), ("x" * 65, False)]
)
def test_only_a_plain_id_is_taken_from_outside(value, good):
    assert well_formed(value) is good


def test_a_terminal_is_left_in_peace_by_tasks_that_succeed_but_not_by_those_that_fail():
    quiet = logs.configuration(level="INFO", as_json=False)["loggers"]
    full = logs.configuration(level="INFO", as_json=True)["loggers"]

    assert quiet["celery.app.trace"]["level"] == "WARNING"
    assert full["celery.app.trace"]["level"] == "INFO"


@pytest.mark.parametrize(
    ("error", "is_told"),
    [
        (PermissionDenied("may_work"), False), (TooManyFieldsSent("1001"), False), (MultiPartParserError("no end"), False),
        (ValueError("a fault"), True),
    ],
)  # fmt: skip
def test_a_refused_page_is_one_line_and_a_fault_keeps_its_traceback(error: Exception, is_told: bool, caplog) -> None:
    made = logs.configuration(level="INFO", as_json=True)
    names = made["handlers"]["stderr"]["filters"]
    logger = logging.getLogger("tests.refused")
    logger.filters = [made["filters"][name]["()"]() for name in names]

    logger.warning("Forbidden: %s", "/sandbox/settings/", exc_info=error)

    assert bool(caplog.records[0].exc_info) == is_told
    assert caplog.records[0].getMessage() == "Forbidden: /sandbox/settings/"
