"""A flood in one queue: the others go on. With real workers, on a Valkey of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import redis
from celery import Celery
from django.conf import settings

from portal.core.operation.work import WORKERS
from portal.core.queues import Purpose, heartbeat_queue
from portal.local import embedded
from tests.local.test_run import wait_for

pytestmark = pytest.mark.faults
FLOOD = 300
OTHERS = [purpose for purpose in Purpose if purpose != Purpose.FOLLOWING]


@dataclass
class Field:
    """A Valkey, the workers on it, and an application that sends messages to it."""

    folder: Path
    url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = Celery("field", broker=self.url.replace("unix://", "redis+socket://", 1))
        self.app.conf.broker_transport_options = {"global_keyprefix": "portal:"}
        self.valkey = redis.Redis.from_url(self.url)

    def start(self, name: str, *options: str) -> None:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "ENV_FILE": os.devnull, "PORTAL_MODE": "local",
            "DATA_DIR": str(self.folder / "data"), "REDIS_URL": self.url, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        }  # fmt: skip
        command = [
            sys.executable,
            "-m",
            "celery",
            "--app",
            "portal",
            "--quiet",
            "worker",
            "--include",
            "tests.faults.flood",
        ]
        with (self.folder / name).open("wb") as log:
            self.workers.append(
                subprocess.Popen(
                    [*command, "--hostname", f"{name}@here", *options], cwd=settings.BASE_DIR, env=environment, stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )  # fmt: skip

    def send(self, task: str, to: str, **kwargs: object) -> None:
        self.app.send_task(task, kwargs=kwargs, queue=to)

    def told(self) -> list[str]:
        return [queue.decode() for queue in self.valkey.lrange("told", 0, -1)]

    def waiting(self, queue: str) -> int:
        return int(self.valkey.llen(f"portal:{queue}"))

    def logs(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.iterdir() if path.is_file())


@pytest.fixture
def workplace() -> Iterator[Field]:
    with TemporaryDirectory(prefix="portal-floods-") as folder, ExitStack() as stack:
        Path(folder).chmod(0o711)
        data = embedded.data_folder(settings.BASE_DIR, given=f"{folder}/valkey")
        stack.enter_context(embedded.servers(data, needed=("valkey",)))
        home = Path(folder) / "home"
        home.mkdir()
        made = Field(home, embedded.redis_url(data))
        try:
            yield made
        finally:
            sys.stdout.write(made.logs())  # shown when the test fails
            for worker in made.workers:
                worker.kill()
                worker.wait()
            made.app.close()
            made.valkey.close()


def test_a_flood_in_one_queue_leaves_the_workers_of_the_others_free(workplace: Field) -> None:
    workplace.start("following", "--queues", "following", "--concurrency", "2")
    workplace.start("others", "--queues", ",".join(OTHERS), "--concurrency", "2")
    for _ in range(FLOOD):
        workplace.send("flood.wait", Purpose.FOLLOWING, seconds=3)
    wait_for(lambda: workplace.waiting(Purpose.FOLLOWING) < FLOOD, seconds=180)

    for purpose in OTHERS:
        workplace.send("flood.tell", purpose, queue=purpose)
    wait_for(lambda: len(workplace.told()) == len(OTHERS), seconds=180)

    assert set(workplace.told()) == set(OTHERS), workplace.logs()
    assert workplace.waiting(Purpose.FOLLOWING) > FLOOD / 2


def test_one_worker_for_all_takes_from_the_queues_in_turn(workplace: Field) -> None:
    workplace.start("all", "--concurrency", "1")
    for _ in range(FLOOD):
        workplace.send("flood.wait", Purpose.FOLLOWING, seconds=0.2)
    wait_for(lambda: workplace.waiting(Purpose.FOLLOWING) < FLOOD, seconds=180)
    before = workplace.waiting(Purpose.FOLLOWING)

    for purpose in OTHERS:
        workplace.send("flood.tell", purpose, queue=purpose)
    wait_for(lambda: len(workplace.told()) == len(OTHERS), seconds=180)

    assert set(workplace.told()) == set(OTHERS), workplace.logs()
    assert before - workplace.waiting(Purpose.FOLLOWING) < 30, "others waited for the flood"


def test_a_worker_of_one_queue_serves_its_heartbeat_and_reports_itself(workplace: Field) -> None:
    workplace.start("mail", "--queues", "mail", "--concurrency", "1")

    workplace.send("flood.tell", heartbeat_queue(Purpose.MAIL), queue="beat")
    workplace.send("flood.tell", Purpose.SENDING, queue="sending")
    wait_for(lambda: workplace.valkey.hget(WORKERS, "mail@here") and workplace.told(), seconds=180)
    time.sleep(1)

    assert workplace.told() == ["beat"], workplace.logs()
    report = json.loads(workplace.valkey.hget(WORKERS, "mail@here") or b"")
    assert (report["queues"], report["processes"]) == (["mail"], 1)
    assert 0 < report["disk_used"] < report["disk_size"]
