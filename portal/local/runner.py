"""The processes of `manage.py run`, and their preparation. For one machine; not for production.

Each process has a supervisor that stops it when this process is killed.
"""

from __future__ import annotations

import multiprocessing
import os
import shlex
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections
from django.utils import timezone
from honcho.manager import Manager
from honcho.process import Process

from portal.core import database_roles
from portal.local import demo, embedded, translations
from portal.local.bootstrap import digest
from portal.local.lived_in import running
from portal.local.restart import Restarted

PATIENCE = 4.0  # seconds for a process to stop; honcho's own patience is 5
RESTARTED = ("worker", "beat")  # a broker that goes away can end them; what they do is safe to begin again
POLL = 0.5  # seconds between two looks whether the servers run
FIRST_PAGE = 300  # seconds to wait for the first page; a slow machine needs more than one minute


class PortInUse(Exception):
    """The message names the port, and the variable that changes it."""


# --- Before anything starts -------------------------------------------------------------------------------------------


def sandbox_is_ours() -> bool:
    """Whether this machine runs the sandbox: it is enabled, and has no other URL."""
    here = f"http://127.0.0.1:{settings.SANDBOX_PORT}"
    return "SANDBOX" in settings.ENVIRONMENTS and here == settings.SANDBOX_URL


def refuse_busy_ports() -> None:
    """Raises PortInUse for the first port that another program has."""
    ports = [("PORT", settings.PORT)] + ([("SANDBOX_PORT", settings.SANDBOX_PORT)] if sandbox_is_ours() else [])
    for variable, port in ports:
        if is_busy(port):
            raise PortInUse(
                f"Port {port} is in use by another program (a `make run` in another clone?). "
                f"Stop that one, or choose another port: make run {variable}={port + 10}"
            )


def is_busy(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def prepare(*, lived_in: bool = False) -> None:
    """Migrations, the first vendor, translations and static files, all in this process. `lived_in`: it is to have a history."""
    with database_roles.as_owner():
        is_cleared = sandbox_is_ours() and running.clear_interrupted()
    if is_cleared:
        sys.stdout.write("The demonstration data of the last run were not finished; they are built anew.\n")
    call_command("migrate", interactive=False, verbosity=0)
    running.prepare(wanted=lived_in and sandbox_is_ours(), at=timezone.now())
    translations.compile_all()
    collect_static()
    for connection in connections.all():
        connection.close()
        connection.close_pool() if settings.DATABASES[connection.alias]["OPTIONS"].get("pool") else None  # type: ignore[attr-defined]


def collect_static() -> None:
    """Collect the static files when one of them was added, removed or changed."""
    lines = [f"{name} {storage.path(name)}" for finder in get_finders() for name, storage in finder.list([])]
    now = digest(f"{line} {Path(line.split(' ', 1)[1]).stat().st_mtime_ns}\n" for line in sorted(lines))
    stamp = Path(settings.STATIC_ROOT) / ".done"
    if not stamp.exists() or stamp.read_text() != now:
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(now)


# --- The processes ----------------------------------------------------------------------------------------------------


def commands() -> dict[str, list[str]]:
    """Name and command of each process, in the order of their start."""
    web = ["--interface", "asginl", "--http", "1", "--host", "127.0.0.1", "--port", str(settings.PORT), "--no-ws"]
    web += ["--workers", "1", "--log-level", "error", "portal.asgi:application"]
    worker = ["worker", "--concurrency", "3", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    processes = {
        "web": ["-m", "granian", *web],
        "worker": ["-m", "celery", "--app", "portal", "--quiet", *worker],
        "beat": ["-m", "celery", "--app", "portal", "--quiet", "beat", "--pidfile", "", "--loglevel", "WARNING"],
    }
    if sandbox_is_ours():
        sandbox = ["--host", "127.0.0.1", "--port", str(settings.SANDBOX_PORT)]
        sandbox += ["--state", str(settings.DATA_DIR / "sandbox.json"), "--know-everybody"]
        sandbox += [
            "--loopback-http",
            "--feedback-delay",
            "10",
        ]  # no https on a laptop, and a short delay for demonstrations
        processes = {"sandbox": ["-m", "portal.sandbox", *sandbox], **processes}
    return {name: [sys.executable, *words] for name, words in processes.items()}


class Runner(Manager):
    """honcho's process manager. Prints a greeting when the web process answers; Ctrl-C gives exit code 0."""

    def __init__(self, servers: Mapping[str, embedded.Supervisor]) -> None:
        """`servers`: what must run beside the processes; the end of one ends the run."""
        multiprocessing.set_start_method("fork", force=True)  # honcho's processes cannot be pickled
        super().__init__()
        self.was_asked = False
        self.servers, self.lost = servers, ""
        self.ending = multiprocessing.Event()
        self.is_building = sandbox_is_ours() and running.is_building()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        for name, words in commands().items():
            waits = self.is_building and name in RESTARTED
            command = running.after_building(words) if waits else words
            tied = embedded.tied_to_us(command, stop="SIGTERM", patience=PATIENCE)
            self._process_ctor = partial(Restarted, ending=self.ending) if name in RESTARTED else Process
            self.add_process(name, f"exec {shlex.join(tied)}", env=environment, cwd=str(settings.BASE_DIR))

    def run(self) -> int:
        """Until Ctrl-C (0), or until a process or server ends by itself for good (its exit code, at least 1)."""
        self.loop()
        return 0 if self.was_asked and not self.lost else self.returncode or 1

    def terminate(self) -> None:
        """Called for a signal while all run, or because one of them has stopped."""
        self.was_asked = self.was_asked or not self._any_stopped()
        self.ending.set()
        super().terminate()

    def _start(self) -> None:
        super()._start()
        threading.Thread(
            target=self._greet, daemon=True
        ).start()  # after the forks: forking with threads running is unsafe
        threading.Thread(target=self._watch_servers, daemon=True).start()

    def _watch_servers(self) -> None:
        while not self.ending.wait(POLL):
            for name, supervisor in self.servers.items():
                if supervisor.poll() is not None:
                    self.lost = name
                    log = settings.DATA_DIR / "servers" / f"{name}.log"
                    sys.stdout.write(f"\n{name} ended by itself; the rest ends too. Its last words are in {log}\n")
                    sys.stdout.flush()
                    os.kill(os.getpid(), signal.SIGTERM)  # the main thread ends everything, as for Ctrl-C
                    return

    def _greet(self) -> None:
        """Then the demonstration is built, when that is to be done; its builder does the work of the workers until then."""
        introduce()
        has_come = answers(f"http://127.0.0.1:{settings.PORT}/accounts/login/")
        if self._terminating:
            return
        if not has_come:
            say(f"No page has come within {FIRST_PAGE // 60} minutes; the lines of web above say why.\n")
        else:
            say(greeting())
            if self.is_building:
                running.build(say=say)


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def introduce() -> None:
    """Register the demonstration data in our sandbox, as soon as it answers. A lived-in one is known there, with all that happened."""
    origin = settings.SANDBOX_URL
    if origin and sandbox_is_ours() and answers(f"{origin}/") and not running.is_built():
        demo.introduce(url=origin)


def answers(url: str) -> bool:
    """Whether an answer below 500 comes within FIRST_PAGE seconds."""
    until = time.monotonic() + FIRST_PAGE
    while time.monotonic() < until:
        try:
            if httpx.get(url, timeout=10, headers={"Host": urlsplit(url).netloc}).status_code < 500:
                return True
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    return False


def greeting() -> str:
    """Addresses and log-ins."""
    lines = [f"The portal   {settings.PORTAL_URL}/", f"Admin        {settings.PORTAL_URL}/admin/"]
    if sandbox_is_ours():
        lines.append(f"The sandbox  {settings.SANDBOX_URL}/")
    lines += [
        f"Mail         {settings.PORTAL_URL}/sandbox/local/mail/",
        f"Data         {settings.DATA_DIR}",
        "",
        *log_ins(),
        "",
        "Ctrl-C ends all of it.",
    ]
    return "\n".join(["", *(f"  {line}".rstrip() for line in lines), "", ""])


def log_ins() -> list[str]:
    width = max(len(login) for login, _, _ in demo.STAFF) + len(demo.DOMAIN) + 1
    people = [*demo.STAFF, *(demo.JOINED if running.is_building() or running.is_built() else [])]
    staff = [f"{login}@{demo.DOMAIN}".ljust(width) + f"  {role.label}" for login, _, role in people]
    return [f"Log in with the password {demo.password()} as", *staff]
