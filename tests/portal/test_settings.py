"""The settings as a whole: what production refuses, and what a laptop gets. Each in a process of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

GOOD = {
    "ENV_FILE": os.devnull,
    "PORTAL_MODE": "production",
    "PORTAL_URL": "https://portal.example.no",
    "ALLOWED_HOSTS": "portal.example.no",
    "SECRET_KEY": "zq3VtJ8m2YxLw0Rk5NfHc7PbUe9SgTa1DiOhXoBv6MjEyQrKsWl4",
    "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "AUDIT_KEYS": "aXb3VtJ8m2YxLw0Rk5NfHc7PbUe9SgTa1DiOhXoBv6MjEyQrKsWl4",
    "DATABASE_URL": "postgresql://portal_app:pw@db/portal?sslmode=verify-full",
    "REDIS_URL": "rediss://:pw@redis:6379/0",
    "MAIL_FROM": "portal@example.no",
    "MAIL_HOST": "smtp.example.no",
}


def load(*names, **changes):
    """Import the settings with GOOD and `changes` (None takes a variable away); the values of `names`, or the error."""
    wanted = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    code = f"from portal import settings as s; print([getattr(s, n) for n in {names!r}])"
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=settings.BASE_DIR,
        env=kept | wanted,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else done.stderr.strip().splitlines()[-1]


def test_production_starts_securely():
    names = ("DEBUG", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS")

    assert load(*names) == "[False, True, True, True, 31536000]"


def test_production_is_the_mode_when_nothing_is_said():
    assert load("PORTAL_MODE", PORTAL_MODE=None) == "['production']"


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DEBUG", "true", "DEBUG is on"),
        ("SECRET_KEY", None, "SECRET_KEY is not set"),
        ("SECRET_KEY", "django-insecure-abc", "SECRET_KEY is too weak"),
        ("ALLOWED_HOSTS", None, "ALLOWED_HOSTS is not set"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS allows every host name"),
        ("SANDBOX_URL", "http://sandbox:8901", "production never talks to the sandbox"),
        ("ENCRYPTION_KEYS", None, "ENCRYPTION_KEYS is not set"),
        ("AUDIT_KEYS", None, "AUDIT_KEYS is not set"),
        (
            "AUDIT_KEYS",
            "aXb3VtJ8m2YxLw0Rk5NfHc7PbUe9SgTa1DiOhXoBv6MjEyQrKsWl4,short",
            "AUDIT_KEYS holds a key that is too weak",
        ),
        (
            "DATABASE_OWNER_URL",
            "postgresql://portal_app:pw@db/portal",
            "DATABASE_OWNER_URL has the same user as DATABASE_URL",
        ),
        ("DATABASE_OWNER_URL", "postgresql://portal:pw@db/other", "DATABASE_OWNER_URL names another database"),
        ("DATABASE_OWNER_URL", "sqlite:///db", "DATABASE_OWNER_URL must begin with postgresql://"),
        ("PORTAL_URL", "http://portal.example.no", "PORTAL_URL must begin with https://"),
        ("DATABASE_URL", None, "DATABASE_URL is not set"),
        ("DATABASE_URL", "sqlite:///db", "DATABASE_URL must begin with postgresql://"),
        ("REDIS_URL", None, "REDIS_URL is not set"),
        ("ALLOWED_HOSTS", "other.example.no", "ALLOWED_HOSTS lacks portal.example.no"),
        ("ALLOWED_HOSTS", "portal.example.no,.no", "ALLOWED_HOSTS allows every name below .no"),
        ("DATABASE_URL", "postgresql://portal_app:pw@db/portal", "DATABASE_URL leads to db without a checked TLS"),
        ("DATABASE_URL", "postgresql://portal_app@db/portal?sslmode=verify-ca", "DATABASE_URL has no password for db"),
        ("DATABASE_OWNER_URL", "postgresql://portal:pw@/portal?host=db", "DATABASE_OWNER_URL leads to db without"),
        ("REDIS_URL", "redis://:pw@redis:6379/0", "REDIS_URL leads to redis without a checked TLS connection"),
        ("REDIS_URL", "rediss://redis:6379/0", "REDIS_URL has no password for redis"),
        ("TRACES_URL", "http://collector:4318/v1/traces", "TRACES_URL leads to collector without"),
        ("MAIL_HOST", None, "MAIL_HOST is not set"),
        ("ENVIRONMENTS", "TEST,STAGING", "ENVIRONMENTS has 'STAGING'"),
        ("PORTAL_MODE", "prod", "PORTAL_MODE is 'prod'"),
    ],
)
def test_production_refuses(name, value, problem):
    answer = load(**{name: value})

    assert problem in answer
    assert f"For example: {name}=" in answer


def test_a_mail_server_without_tls_is_refused():
    assert "MAIL_HOST leads to smtp.example.no without a checked TLS connection. Use MAIL_TLS=true" in load(
        MAIL_TLS="false"
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"REDIS_URL": "redis://127.0.0.1:6379/0"},
        {"REDIS_URL": "unix:///run/valkey.sock"},
        {"DATABASE_URL": "postgresql://portal_app@/portal?host=/run/postgresql"},
        {"ALLOWED_HOSTS": ".example.no"},
        {"REDIS_URL": "redis://:pw@valkey:6379/0", "SERVERS_WITHOUT_TLS": "postgres,valkey"},
        {"REDIS_URL": "rediss://valkey:6379/0", "SERVERS_WITHOUT_PASSWORD": "valkey"},
        {"MAIL_TLS": "false", "SERVERS_WITHOUT_TLS": "smtp.example.no"},
    ],
)
def test_a_server_on_this_machine_or_named_by_the_operator_is_taken(changes):
    assert load("PORTAL_MODE", **changes) == "['production']"


def test_what_is_stored_for_others_to_read_is_json_and_a_certificate_is_checked():
    names = ("CELERY_ACCEPT_CONTENT", "CELERY_TASK_SERIALIZER", "SESSION_SERIALIZER", "CELERY_BROKER_USE_SSL")

    assert load(*names) == (
        "[['json'], 'json', 'django.contrib.sessions.serializers.JSONSerializer', "
        "{'ssl_cert_reqs': 'required', 'ssl_check_hostname': True}]"
    )


def test_a_laptop_needs_nothing_but_the_mode(tmp_path):
    nothing = dict.fromkeys(GOOD) | {"ENV_FILE": os.devnull}

    answer = load("ENVIRONMENTS", "SANDBOX_URL", **nothing | {"PORTAL_MODE": "local", "DATA_DIR": str(tmp_path)})

    assert answer == "[('SANDBOX', 'TEST'), 'http://127.0.0.1:8901']"
    assert {path.name for path in (tmp_path / "secrets").iterdir()} == {"secret_key", "encryption_keys", "audit_keys"}


def test_the_command_line_prints_the_hint_and_no_traceback():
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **GOOD, "SECRET_KEY": "weak"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr.startswith("The portal cannot start: SECRET_KEY is too weak")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("module", ["portal.wsgi", "portal.celery"])
def test_the_other_processes_say_it_in_one_sentence_too(module):
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=settings.BASE_DIR,
        env={"PATH": os.environ["PATH"], **GOOD, "SECRET_KEY": "weak"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The portal cannot start: SECRET_KEY is too weak")
    assert len(done.stderr.splitlines()) == 1
