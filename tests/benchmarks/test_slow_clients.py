"""50 half-sent requests through nginx, with the configuration that docs/operations.md names: probe and page within a second."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from portal.local.runner import is_busy
from tests.faults.conftest import running_portal
from tests.faults.test_slow_clients import half_sent, seconds
from tests.local.test_run import free_port, wait_for

HALF_SENT = 50
SERVER = """
worker_processes 1;
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    limit_conn_zone $binary_remote_addr zone=portal_per_address:10m;
    upstream portal {{ server 127.0.0.1:{portal}; keepalive 32; }}
    server {{
        listen 127.0.0.1:{port};
        {limits}
    }}
}}
"""
pytestmark = pytest.mark.benchmark


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, prepared_server: Path | None) -> Iterator[str]:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("no nginx on this machine; install one (nginx-light) to measure through it")
    with running_portal(prepared_server) as portal:
        wait_for(lambda: portal.health()["status"] == "ready", seconds=60)
        folder, port = tmp_path_factory.mktemp("nginx"), free_port()
        limits = (Path(settings.BASE_DIR) / "deploy" / "nginx" / "portal.conf").read_text(encoding="utf-8")
        # All connections come from one address here, and are to be held by the time-outs, not by their number.
        limits = limits.replace("limit_conn portal_per_address 40;", "limit_conn portal_per_address 100;")
        values = {"folder": folder, "port": port, "portal": portal.environment["PORT"], "limits": limits}
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(SERVER.format(**values, user=user), encoding="utf-8")
        process = subprocess.Popen([program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def test_half_sent_requests_through_the_proxy_stop_nobody(proxy: str) -> None:
    port = int(proxy.rsplit(":", 1)[1])
    wait_for(lambda: is_busy(port), seconds=20)

    with half_sent(port, HALF_SENT):
        took = {path: max(seconds(proxy + path) for _time in range(5)) for path in ("/healthz", "/accounts/login/")}

    print(f"with {HALF_SENT} half-sent requests: " + ", ".join(f"{path} {time:.3f} s" for path, time in took.items()))
    assert max(took.values()) <= 1, took
