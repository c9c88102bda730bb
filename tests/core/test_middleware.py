"""Headers of every answer, and the request id on its way in, out and into the worker."""

import pytest
from celery import shared_task
from celery.contrib.testing.worker import start_worker
from django.conf import settings
from redis import Redis

from accounts.models import User
from portal.celery import app
from portal.core.request_id import request_id, well_formed
from tests.fixtures import make_operator

pytestmark = pytest.mark.django_db


@shared_task
def tell_request_id():
    with Redis.from_url(settings.REDIS_URL) as valkey:
        valkey.lpush("told", request_id.get())


def test_the_policy_lets_nothing_run_that_is_not_ours(client):
    policy = client.get("/accounts/login/")["Content-Security-Policy"]

    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_other_headers_are_there(client):
    answer = client.get("/accounts/login/")

    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=(), " in answer["Permissions-Policy"]


@pytest.mark.parametrize(
    "address", ["/sandbox/", "/sandbox/customers/", "/sandbox/settings/", "/admin/", "/accounts/login/"]
)
def test_no_page_is_kept_by_a_browser(client, administrator, address):
    client.force_login(make_operator(administrator))

    answer = client.get(address)

    assert "no-store" in answer["Cache-Control"]


def test_no_answer_invites_other_origins(client, administrator):
    assert settings.WHITENOISE_ALLOW_ALL_ORIGINS is False
    for address in ("/accounts/login/", "/healthz"):
        assert "Access-Control-Allow-Origin" not in client.get(address, headers={"Origin": "https://elsewhere.example"})


def test_probes_are_not_kept_or_guessed_at(client):
    for address in ("/healthz", "/readyz"):
        assert client.get(address)["Cache-Control"] == "no-store"
        assert client.get(address)["X-Content-Type-Options"] == "nosniff"


def test_security_txt_names_whom_to_tell(client, settings):
    settings.SECURITY_CONTACT = "mailto:security@example.no"

    answer = client.get("/.well-known/security.txt")

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("Contact: mailto:security@example.no\nExpires: 20")
    assert f"Canonical: {settings.PORTAL_URL}/.well-known/security.txt\n" in answer.text


def test_without_a_contact_there_is_no_security_txt(client):
    assert client.get("/.well-known/security.txt").status_code == 404


def test_a_well_formed_request_id_is_kept(client):
    assert (
        client.get("/accounts/login/", headers={"X-Request-ID": "proxy-12345678"})["X-Request-ID"] == "proxy-12345678"
    )


def test_a_request_id_of_another_shape_is_replaced(client):
    given = "a b <script>"

    answer = client.get("/accounts/login/", headers={"X-Request-ID": given})["X-Request-ID"]

    assert answer != given
    assert well_formed(answer)


def test_the_request_id_follows_into_the_worker():
    token = request_id.set("request-1234")
    with start_worker(app, pool="solo", perform_ping_check=False), Redis.from_url(settings.REDIS_URL) as valkey:
        tell_request_id.delay()

        told = valkey.blpop("told", timeout=60)

    request_id.reset(token)
    assert told == (b"told", b"request-1234")


def test_sign_up_is_closed(client):
    client.post("/accounts/signup/", {"email": "new@example.no", "password1": "x" * 20, "password2": "x" * 20})

    assert not User.objects.exists()


def test_repeated_wrong_passwords_are_throttled(client):
    answers = [client.post("/accounts/login/", {"login": "ida@example.no", "password": "wrong"}) for _ in range(8)]

    assert answers[0].status_code == 200
    assert [e.code for e in answers[-1].context["form"].non_field_errors().as_data()] == ["too_many_login_attempts"]


@pytest.mark.parametrize("address", ["/sandbox/customers/?q=%00", "/sandbox/access/?q=a%00b", "/l/%00/"])
def test_a_null_character_in_the_address_is_a_bad_request(client, administrator, address):
    client.force_login(administrator)

    page = client.get(address)

    assert page.status_code == 400
    assert "Forespørselen kan ikke leses" in page.text
