"""`manage.py run` from outside: the first page, the end, and what it says when a port is taken."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import httpx
import pytest
from django.conf import settings

from portal.local import runner

pytestmark = pytest.mark.faults


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def laptop():
    """The environment of a laptop, with a data folder, static files and ports of its own. Folders may have any name."""
    with TemporaryDirectory(prefix="portal-run-") as folder:
        Path(folder).chmod(0o711)
        yield {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "ENV_FILE": os.devnull,
            "PORTAL_MODE": "local",
            "DATA_DIR": f"{folder}/mine data på disk",
            "STATIC_ROOT": f"{folder}/static",
            "PORT": str(free_port()),
            "SANDBOX_PORT": str(free_port()),
        }


@pytest.fixture
def environment():
    """For a test that runs no portal to the end of its start."""
    with laptop() as made:
        yield made


class Run:
    """The whole portal once it has greeted, its output in a file. The first start on a laptop takes long."""

    def __init__(self, environment, *words):
        self.environment = environment
        self.output = Path(environment["HOME"]) / f"output {time.monotonic_ns()}"
        with self.output.open("wb") as file:
            self.process = start(environment, *words, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)
        wait_for(lambda: "Ctrl-C ends all of it" in self.output.read_text() or self.has_ended, seconds=180)
        assert not self.has_ended, self.output.read_text()

    @property
    def has_ended(self):
        return self.process.poll() is not None

    def end(self):
        have_ended = all_ended(everything_below(self.process.pid))
        self.process.kill()
        self.process.wait()
        wait_for(have_ended, seconds=90)  # they still write into the folder


class Runs:
    """Those of one laptop, one after the other. `now` is one that nothing has been taken from."""

    def __init__(self, environment):
        self.environment, self.now = environment, None

    def untouched(self):
        self.now = self.now or Run(self.environment)
        return self.now

    def end(self):
        if self.now:
            self.now.end()
        self.now = None


@pytest.fixture(scope="module")
def runs():
    with laptop() as environment:
        made = Runs(environment)
        yield made
        made.end()


@pytest.fixture
def shared(runs):
    """For a test that only looks."""
    return runs.untouched()


@pytest.fixture
def running(runs):
    """For a test that takes something away: the next one begins with a new start."""
    run = runs.untouched()
    yield run.process, run.output
    runs.end()


def start(environment, *words, **more):
    command = [sys.executable, "manage.py", "run", *words]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, **more)


def wait_for(answer, *, seconds):
    until = time.monotonic() + seconds
    while not answer():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def all_ended(pids):
    """Asks whether they have ended. The number of one that has may be another's by then."""
    before = {(pid, began) for pid, began in living().items() if pid in pids}
    return lambda: not before & living().items()


def living():
    """When each process began, by its number. Without those that have ended and that nobody has asked after."""
    command = ["ps", "-eo", "pid=,stat=,lstart="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    states = [line.split(None, 2) for line in lines]
    return {int(pid): began for pid, state, began in states if not state.startswith("Z")}


def everything_below(pid):
    """The process and all that come of it."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
    parents = {int(child): int(parent) for child, parent in (line.split() for line in lines)}
    result = {pid}
    while more := {child for child, parent in parents.items() if parent in result} - result:
        result |= more
    return result


def test_the_greeting_names_addresses_and_log_ins_that_work(shared):
    greeting = shared.output.read_text()
    origin = f"http://127.0.0.1:{shared.environment['PORT']}"
    password = re.findall(r"with the password (\S+)", greeting)[0]
    with httpx.Client(base_url=origin, follow_redirects=False) as browser:
        browser.get("/accounts/login/")
        form = {"login": "ida@fjordtall.example", "password": password}
        form["csrfmiddlewaretoken"] = browser.cookies["portal_csrf"]

        answer = browser.post("/accounts/login/", data=form, headers={"Referer": f"{origin}/accounts/login/"})

    assert origin in greeting
    assert answer.status_code == 302


def test_a_second_run_with_the_same_data_is_refused(shared):
    others = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port())}
    second = start(shared.environment | others, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    printed, _ = second.communicate(timeout=180)

    assert second.returncode == 1
    assert f"runs already, at http://127.0.0.1:{shared.environment['PORT']}" in printed
    assert "set DATA_DIR" in printed


def test_the_tour_refuses_another_folders_portal(shared):
    elsewhere = shared.environment | {"DATA_DIR": shared.environment["HOME"] + "/other"}
    command = [sys.executable, "manage.py", "tour"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=elsewhere, capture_output=True, text=True, check=False, timeout=180
    )

    assert done.returncode == 1
    assert f"Port {shared.environment['PORT']} is in use by another program" in done.stderr
    assert "only through the portal of this folder" in done.stderr


def test_nobody_else_can_read_what_the_run_writes(shared):
    data = Path(shared.environment["DATA_DIR"])
    open_to_others = [
        path.name
        for path in data.rglob("*")
        if "servers" not in path.relative_to(data).parts and not path.is_symlink() and path.stat().st_mode & 0o077
    ]

    assert {"sandbox.json", "secrets"} & {path.name for path in data.iterdir()}
    assert open_to_others == []


def test_who_waits_for_a_page_that_does_not_come_is_told(monkeypatch, capsys, settings):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))  # taken, and answers nobody
        settings.PORT = door.getsockname()[1]
        monkeypatch.setattr(runner, "introduce", lambda: None)
        monkeypatch.setattr(runner, "FIRST_PAGE", 0.1)

        runner.Runner._greet(SimpleNamespace(_terminating=False, is_building=False))

    assert "No page has come" in capsys.readouterr().out


def test_ctrl_c_ends_everything_and_calls_it_a_good_end(running):
    process, _ = running
    everything = everything_below(process.pid)
    have_ended = all_ended(everything)
    assert len(everything) > 8

    os.killpg(process.pid, signal.SIGINT)

    assert process.wait(60) == 0
    wait_for(have_ended, seconds=60)


def test_a_process_that_ends_by_itself_ends_the_rest_and_is_named(running):
    process, output = running
    web = int(re.findall(r"web +started \(pid=(\d+)\)", output.read_text())[0])

    os.kill(web, signal.SIGTERM)

    assert process.wait(60) > 0  # 1, or 143 where the signal came before web listened to it
    assert "web stopped" in output.read_text()
    assert "a process ended on its own" in output.read_text()


def children(pid):
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(child) for child, parent in (line.split() for line in lines) if int(parent) == pid]


def started(output, name):
    """The ids of its processes so far, the newest last."""
    return [int(pid) for pid in re.findall(rf"{name} +started \(pid=(\d+)\)", output.read_text())]


def test_a_worker_that_dies_is_started_again_and_works_on(running, runs):
    process, output = running
    address = f"http://127.0.0.1:{runs.environment['PORT']}/readyz"
    wait_for(lambda: httpx.get(address).json()["work"] == "ok", seconds=90)

    [worker] = children(started(output, "worker")[0])  # of its keeper
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(started(output, "worker")) == 2, seconds=120)

    assert "worker ended by itself (exit code 137); it is started again in 1 s." in output.read_text()
    assert process.poll() is None
    have_ended = all_ended(everything_below(process.pid))
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    wait_for(have_ended, seconds=60)


def test_nothing_outlives_a_runner_that_was_killed(running):
    process, _ = running
    have_ended = all_ended(everything_below(process.pid))

    process.kill()
    process.wait()

    wait_for(have_ended, seconds=60)


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_a_busy_port_is_named_with_the_variable_that_changes_it(environment, variable):
    with socket.create_server(("127.0.0.1", int(environment[variable]))):
        process = start(environment, stderr=subprocess.PIPE, text=True)
        _, said = process.communicate(timeout=90)

    assert process.returncode == 1
    assert f"Port {environment[variable]} is in use by another program" in said
    assert f"make run {variable}=" in said


def test_run_is_refused_in_production(environment):
    process = start(environment | {"PORTAL_MODE": "production"}, stderr=subprocess.PIPE, text=True)

    _, said = process.communicate(timeout=90)

    assert process.returncode == 2
    assert "PORTAL_URL is not set" in said


def test_a_server_that_ends_by_itself_ends_the_run_with_a_sentence(running):
    process, output = running
    [postgres] = [
        pid
        for pid in everything_below(process.pid)
        if "/bin/postgres" in command_of(pid) and "-D" in command_of(pid) and "keeper" not in command_of(pid)
    ]

    os.kill(postgres, signal.SIGKILL)

    assert process.wait(30) > 0
    assert "postgresql ended by itself; the rest ends too" in output.read_text()


def test_a_worker_whose_supervisor_is_killed_is_started_again(running):
    process, output = running
    first = started(output, "worker")[0]
    [keeper] = [pid for pid in everything_below(first) if "keeper.py" in command_of(pid)]
    orphans = everything_below(keeper) - {keeper}
    have_ended = all_ended(orphans)
    assert orphans

    os.kill(keeper, signal.SIGKILL)

    wait_for(lambda: len(started(output, "worker")) == 2, seconds=120)
    wait_for(have_ended, seconds=90)
    assert process.poll() is None


def command_of(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ")
    except OSError:
        return ""
