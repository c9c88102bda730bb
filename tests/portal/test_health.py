"""/healthz and /readyz: what a probe is told."""

import pytest


def test_healthz_answers_without_a_database(client):
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.django_db
def test_readyz_says_ready_when_every_part_answers(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "database": "ok", "broker": "ok", "migrations": "ok"}
