"""The whole portal as `make run` starts it, on free ports with throw-away data, and Chromium in front of it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import prepared
from tests.browser import in_reports, in_use, services
from tests.browser.portal import PATIENCE_MS, Portal, log_in

ROOT = Path(settings.BASE_DIR)
__all__ = ["PATIENCE_MS", "Portal", "log_in"]
expect.set_options(timeout=PATIENCE_MS)
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def portal(prepared_server: Path | None) -> Iterator[Portal]:
    yield from _started(prepared_server)


@pytest.fixture(scope="module")
def portal_in_use(browser: Browser, prepared_server: Path | None) -> Iterator[Portal]:
    """One of its own, of a vendor who is live: a registered system, an accountant's access, system users made elsewhere."""
    for portal in _started(prepared_server):
        with portal.telling():
            in_use.begin(browser, portal)
        yield portal


@pytest.fixture(scope="module")
def portal_with_reports(browser: Browser, prepared_server: Path | None) -> Iterator[tuple[Portal, list[str]]]:
    """One of its own that has reported, with the paths of what it has: reports, orders, letters and a heap."""
    for portal in _started(prepared_server):
        with portal.telling():
            paths = in_reports.begin(browser, portal)
        yield portal, paths


@pytest.fixture(scope="session")
def second_portal(prepared_server: Path | None) -> Iterator[Portal]:
    yield from _started(prepared_server)


@pytest.fixture(scope="module")
def own_portal(prepared_server: Path | None) -> Iterator[Portal]:
    """One that has nothing but what its module puts there."""
    yield from _started(prepared_server)


@pytest.fixture(scope="module")
def served(browser: Browser, second_portal: Portal) -> Portal:
    """The second portal, whose customer has given access to all that the demonstration asks for."""
    if second_portal.url not in _begun:
        with second_portal.telling():
            services.begin(browser, second_portal)
        _begun.add(second_portal.url)
    return second_portal


_begun: set[str] = set()


def _started(prepared_server: Path | None) -> Iterator[Portal]:
    with TemporaryDirectory(prefix="portal-browser-") as folder:
        Path(folder).chmod(0o711)
        ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
        given = {"PATH": os.environ["PATH"], "HOME": folder, "ENV_FILE": os.devnull, "PORTAL_MODE": "local", **ports}
        given |= {"STEP_UP_MINUTES": "240"}  # a log-in is proof enough for a whole run
        given |= {"DATA_DIR": f"{folder}/data", "STATIC_ROOT": f"{folder}/static"}
        if prepared_server:
            prepared.place(prepared_server, Path(given["DATA_DIR"]))
        yield from _run(given, Path(folder) / "output")


def _run(environment: dict[str, str], output: Path) -> Iterator[Portal]:
    with output.open("wb") as file:
        command = [sys.executable, "manage.py", "run"]
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        printed = _greeting(process, output)
        password = re.search(r"password (\S+)", printed)
        assert password, printed
        own, sandbox = (f"http://127.0.0.1:{environment[name]}" for name in ("PORT", "SANDBOX_PORT"))
        yield Portal(own, sandbox, password[1], output)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=120)


def _greeting(process: subprocess.Popen[bytes], output: Path) -> str:
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        if "Ctrl-C ends all of it" in (text := output.read_text()):
            return text
        time.sleep(0.2)
    pytest.fail(output.read_text()[-4000:])


@pytest.fixture(scope="module")
def browser(browser_path: str) -> Iterator[Browser]:
    """Ends with its module: while Playwright's loop runs, Django takes this thread for an asynchronous one."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
        chromium = playwright.chromium.launch(executable_path=browser_path, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A person's window, in bokmål. An error in the console fails the test."""
    context = browser.new_context(locale="nb-NO", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    window = context.new_page()
    errors: list[str] = []
    window.on("pageerror", lambda error: errors.append(str(error)))
    window.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield window
    context.close()
    assert errors == []
