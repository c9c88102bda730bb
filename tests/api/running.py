"""The portal's web process as it runs in production, on the database of the test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.db import connection

from portal.local import embedded
from tests.local.test_run import free_port, wait_for


@contextmanager
def running_web(folder: Path) -> Iterator[str]:
    """Its address. What it logs is in `folder`, and its database role is the application's. It reaches nothing outside."""
    port = free_port()
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "SANDBOX_URL": "http://127.0.0.1:9", "NO_PROXY": "*",
        "DATABASE_URL": _database_url(), "ENV_FILE": os.devnull,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "granian", "--interface", "asginl", "--http", "1", "--host", "127.0.0.1", "--port", str(port),
        "--no-ws", "--log-level", "error", "portal.asgi:application",
    ]  # fmt: skip
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(address) or process.poll() is not None, seconds=120)
        assert process.poll() is None, (folder / "web.log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait(30)


def shared_documents(settings: Any) -> None:
    """What the test stores lies where the web process looks."""
    documents = settings.STORAGES["documents"]
    options = {**documents["OPTIONS"], "location": settings.DATA_DIR / "documents"}
    settings.STORAGES = {**settings.STORAGES, "documents": {**documents, "OPTIONS": options}}


def _database_url() -> str:
    name = connection.settings_dict["NAME"]
    given = os.environ.get("DATABASE_URL")
    return (
        f"{given.rpartition('/')[0]}/{name}"
        if given
        else embedded.database_url(Path(os.environ["DATA_DIR"]), name=name)
    )


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
