"""A server that speaks S3, for tests: SeaweedFS from its wheel. `tests.s3_proxy` stands in front of it and fails in every way."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from portal.core.storage.s3 import S3Storage
from portal.local import embedded

ACCESS_KEY, SECRET_KEY = "portal", "a-secret-of-the-tests"
DOMAIN = "s3.test"
"""Buckets are below it too, when the proxy is spoken to by such a name."""
PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
)
PATIENCE = 120
ONE_VOLUME = {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
"""Instead of seven for each bucket."""


@dataclass(frozen=True)
class Server:
    """`url` of the server itself."""

    url: str

    def bucket(self, name: str) -> str:
        self.storage(name).client().create_bucket(Bucket=name)
        return name

    def storage(self, bucket: str, **options: Any) -> S3Storage:
        return S3Storage(**self.options(bucket, **options))

    def options(self, bucket: str, **options: Any) -> dict[str, Any]:
        keys = {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY}
        return {"bucket": bucket, "region": "us-east-1", "endpoint": self.url, **keys, **options}


@contextmanager
def running(*, address: str = "127.0.0.1") -> Iterator[Server]:
    """It is gone with the block."""
    with TemporaryDirectory(prefix="portal-s3-") as folder:
        ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        identity = {
            "name": "portal",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin"],
        }
        (Path(folder) / "identities.json").write_text(json.dumps({"identities": [identity]}))
        words = {
            "dir": folder, "ip": address, "ip.bind": address, "master.telemetry": "false", "s3.config": f"{folder}/identities.json",
            "s3.domainName": DOMAIN, "s3.autoCreateBucket": "false", "s3.iam": "false", "s3.port.iceberg": "0",
            "s3.port.lance": "0", "volume.max": "500",
            "filer.localSocket": f"{folder}/filer.sock", "master.volumeSizeLimitMB": "256", **ports,
        }  # fmt: skip
        command = [
            str(Path(sys.executable).with_name("weed")),
            "server",
            "-filer",
            "-s3",
            *(f"-{k}={v}" for k, v in words.items()),
        ]
        log = Path(folder) / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                embedded.tied_to_us(command, stop="SIGKILL", patience=10), cwd=folder, stdout=output, stderr=output,
                env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, **ONE_VOLUME},
            )  # fmt: skip
        server = Server(f"http://{address}:{ports['s3.port']}")
        try:
            _wait(server, process, log)
            yield server
        finally:
            process.terminate()
            process.wait(30)
            for port in ports.values():
                for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                    left.unlink()


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(socket.socket())) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it stores a file: its parts find each other one after the other."""
    until = time.monotonic() + PATIENCE
    storage = server.storage("ready")
    while True:
        try:
            storage.client().create_bucket(Bucket="ready")
            storage.put("ready", io.BytesIO(b"ready"), sha256=hashlib.sha256(b"ready").digest())
            return
        except Exception:
            assert time.monotonic() < until, log.read_text()[-4000:]
            assert process.poll() is None, log.read_text()[-4000:]
            time.sleep(0.2)
