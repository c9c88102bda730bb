"""Two machines with one PostgreSQL, one Valkey and documents in S3. One is gone at once in the middle of the work: the other goes on."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.conf import settings

from portal.core.env import new_key
from portal.local import embedded
from tests import prepared, s3
from tests.faults.conftest import Loader, Server, wait_until
from tests.faults.namespaces import Machine, network
from tests.local.test_run import free_port

pytestmark = pytest.mark.faults
CUSTOMERS = int(os.environ.get("CUSTOMERS", "3"))
SERVICES = ("innrapportering-aksjonaerregisteroppgave", "innrapportering-boligsameie")
PATIENCE = int(os.environ.get("PATIENCE", "540"))
"""Seconds until all is settled: leases of a machine that is gone run out after three minutes."""
BOOT = 180
"""Seconds for a machine to begin, and for its first work."""
WAITED_FOR = ("Submission", "PollCursor", "Dialog", "Attachment")
SETTLED = {"ACCEPTED", "REJECTED"}


@dataclass
class Place:
    """The portal on both machines, and what they share. `desk`: a process that looks and acts from outside of them."""

    desk: Loader
    first: Machine
    second: Machine
    bucket: s3.S3Storage
    folder: Path

    def load(self, act: str) -> Any:
        answer = self.desk.call(act)
        assert "error" not in answer, answer["error"] + self.logs()
        return json.loads(answer["printed"] or "null")

    def logs(self) -> str:
        return "\n".join(f"{it.name}:\n{it.log.read_text()[-3000:]}" for it in (self.first, self.second))

    def control(self, method: str, path: str, **body: Any) -> Any:
        return self.load(f"control({method!r}, {path!r}, **{body!r})")


@contextmanager
def shared_servers(folder: str, host: str, stack: ExitStack, prepared_server: Path | None) -> Iterator[dict[str, str]]:
    """PostgreSQL, Valkey, S3 and the sandbox: the settings that lead to them."""
    servers = [
        Server(name, embedded.data_folder(settings.BASE_DIR, given=f"{folder}/{name}"))
        for name in ("valkey", "postgresql")
    ]
    if prepared_server:
        prepared.place(prepared_server, servers[1].data)
    for server in servers:
        server.start()
        stack.callback(server.stop)
    bucket = stack.enter_context(s3.running(address=host))
    bucket.bucket("documents")
    port = free_port()
    words = [
        "-m",
        "portal.sandbox",
        "--host",
        host,
        "--port",
        str(port),
        "--know-everybody",
        "--loopback-http",
        "--feedback-delay",
        "2",
    ]
    sandbox = subprocess.Popen(
        embedded.tied_to_us([sys.executable, *words], stop="SIGTERM", patience=5), cwd=settings.BASE_DIR
    )
    stack.callback(sandbox.wait)
    stack.callback(sandbox.terminate)
    yield {
        "REDIS_URL": embedded.redis_url(servers[0].data), "DATABASE_URL": embedded.database_url(servers[1].data),
        "SANDBOX_URL": f"http://{host}:{port}", "S3_BUCKET": "documents", "S3_ENDPOINT": bucket.url,
    }  # fmt: skip


def secrets_in(folder: Path) -> dict[str, str]:
    """What an orchestrator gives to each machine: files."""
    values = {
        "SECRET_KEY": base64.b64encode(os.urandom(48)).decode(), "ENCRYPTION_KEYS": new_key(), "S3_ACCESS_KEY_ID": s3.ACCESS_KEY,
        "S3_SECRET_ACCESS_KEY": s3.SECRET_KEY,
    }  # fmt: skip
    folder.mkdir()
    for name, value in values.items():
        (folder / name).write_text(value)
    return {f"{name}_FILE": str(folder / name) for name in values}


def prepare(words: list[str], environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def place(prepared_server: Path | None) -> Iterator[Place]:
    with TemporaryDirectory(prefix="portal-two-") as name, network() as host, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o711)
        with shared_servers(name, host, stack, prepared_server) as addresses:
            common = {
                "PATH": os.environ["PATH"], "HOME": name, "ENV_FILE": os.devnull, "PORTAL_MODE": "local", "HEARTBEAT_LIMIT": "10",
                "STATIC_ROOT": f"{name}/static", "DATABASE_POOL_SIZE": "4", **secrets_in(folder / "secrets"), **addresses,
            }  # fmt: skip
            desk = {**common, "DATA_DIR": f"{name}/desk"}
            for words in (
                ["migrate", "--noinput", "--verbosity", "0"],
                ["collectstatic", "--noinput", "--verbosity", "0"],
                ["seed", "--introduce"],
            ):
                prepare(words, desk)
            machines = [Machine(f"machine-{number}", number, common, folder) for number in (1, 2)]
            for machine in machines:
                machine.boot()
                stack.callback(machine.power_off)
                machine.start_web()
            machines[0].start_worker()
            machines[0].start_beat()
            loader = Loader(desk, 0)
            stack.callback(loader.end)
            storage = s3.Server(addresses["S3_ENDPOINT"]).storage("documents", prefix="documents/")
            yield Place(loader, machines[0], machines[1], storage, folder)


def is_settled(place: Place) -> bool:
    place.load(
        f"hurry{WAITED_FOR}"
    )  # subscriptions to events, which are many, would take all processes again and again
    return statuses(place) <= SETTLED and place.load("unfinished()")["left"] == 0


def statuses(place: Place) -> set[str]:
    return {each["status"] for each in place.load("books()")["reports"]}


def are_up(*machines: Machine, place: Place) -> bool:
    return all(place.load(f"is_up({machine.url!r})") for machine in machines)


def test_one_machine_is_gone_and_the_other_ends_the_work_once(place: Place) -> None:
    assert wait_until(lambda: are_up(place.first, place.second, place=place), seconds=BOOT), place.logs()
    place.load(f"prepare({CUSTOMERS})")
    place.control("POST", "faults", service="skatteetaten", kind="slow", seconds=4, times=4000)
    place.load(f"queue_examples{SERVICES}")
    place.load("wake(1)")
    assert wait_until(lambda: place.load("held()") != [], seconds=BOOT), place.logs()
    under_way = place.load("held()")  # of the first machine: the second has no worker yet
    place.second.start_worker()
    assert wait_until(lambda: "ready." in place.second.log.read_text(), seconds=BOOT), place.logs()

    place.first.power_off()
    lost = set(under_way) & set(place.load("held()"))
    place.second.start_beat()
    place.control("DELETE", "faults")
    settled = wait_until(lambda: is_settled(place), seconds=PATIENCE)

    ours, received = place.load("books()")["reports"], [each["id"] for each in place.control("GET", "submissions")]
    what = (under_way, lost, ours, place.logs())
    assert lost, "the first machine had nothing in its hands: the test shows nothing"
    assert settled, what
    assert len(ours) == CUSTOMERS * len(SERVICES), what
    assert sorted(each["delivery"] for each in ours) == sorted(received), what
    assert {each["status"] for each in ours if not each["wrong"]} == {"ACCEPTED"}, what
    assert place.load("unfinished()")["roles"]["RECEIPT"] == len(ours), what
    check_documents(place)


def check_documents(place: Place) -> None:
    """All are read through the machine that is left, from the bucket: it has nothing of the other's disk."""
    documents = place.load(f"fetch_documents({place.second.url!r})")

    assert documents["damaged"] == []
    assert documents["read"] == sum(place.load("unfinished()")["roles"].values())
    assert set(documents["hashes"]) <= {name.rsplit("/", 1)[-1] for name in place.bucket.names()}
    assert are_up(place.second, place=place)
    assert not are_up(place.first, place=place)
    assert not list(place.folder.rglob("documents/*/*/*")), "no document lies on a disk"
