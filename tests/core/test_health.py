"""/healthz and /readyz: what a probe is told."""

import time

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def test_healthz_answers_without_a_database(client):
    assert client.get("/healthz").json() == {"status": "alive"}


@pytest.mark.django_db
def test_readyz_says_ready_when_every_part_answers(client):
    answer = client.get("/readyz")

    assert answer.status_code == 200
    parts = ("database", "broker", "documents", "migrations", "work")
    assert answer.json() == {"status": "ready", **dict.fromkeys(parts, "ok")}


@pytest.mark.django_db
def test_readyz_names_a_folder_that_cannot_be_written(client, settings, tmp_path):
    (tmp_path / "documents").write_text("a file where the folder should be")
    documents = {**settings.STORAGES["documents"], "OPTIONS": {"location": tmp_path / "documents"}}
    settings.STORAGES = {**settings.STORAGES, "documents": documents}

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["documents"]) == (503, "documents cannot be written")


@pytest.mark.django_db
def test_readyz_names_a_broker_that_does_not_answer(client, settings):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:1/0"

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["broker"] == "does not answer"
    assert b"hunter2" not in answer.content


@pytest.mark.django_db
def test_readyz_names_a_database_that_does_not_answer_without_waiting_for_the_pool(client, monkeypatch):
    away = {**connection.get_connection_params(), "host": "127.0.0.1", "port": 1}
    monkeypatch.setattr(connection, "get_connection_params", lambda: away)

    started = time.monotonic()
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] == answer.json()["migrations"] == "does not answer"
    assert time.monotonic() - started < 3


@pytest.mark.django_db
def test_readyz_counts_migrations_that_are_not_applied(client):
    [latest] = MigrationLoader(connection).graph.leaf_nodes("submissions")
    MigrationRecorder(connection).record_unapplied(*latest)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["migrations"] == "1 not applied; run manage.py migrate"


@pytest.mark.django_db
def test_readyz_reads_the_files_of_migrations_once(client, monkeypatch):
    client.get("/readyz")
    read: list[object] = []
    monkeypatch.setattr(MigrationLoader, "build_graph", read.append)

    assert client.get("/readyz").json()["migrations"] == "ok"
    assert read == []


def test_a_probe_needs_no_known_host(client):
    assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
