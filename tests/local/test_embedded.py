"""The embedded servers: where they lie, who may enter, and that none of them outlives its owner."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from redis import Redis, RedisError

from portal.local import embedded

OWNER = """
import sys, time
from pathlib import Path
from portal.local import embedded
with embedded.servers(Path(sys.argv[1]), throwaway=True):
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def data(tmp_path_factory):
    """A data folder whose way in is open as far as the servers' user needs it."""
    if os.geteuid():
        return tmp_path_factory.mktemp("data")
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="portal-embedded-") as folder:
        os.chmod(folder, 0o711)
        yield embedded.data_folder(settings.BASE_DIR, given=f"{folder}/data")


@pytest.fixture
def owner(data):
    """Another process that runs the servers in `data`."""
    command = [sys.executable, "-c", OWNER, str(data)]
    process = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout
    assert process.stdout.readline() == b"up\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    gone(data)


def answering(data):
    return [name for name, asks in (("postgresql", ask_postgresql), ("valkey", ask_valkey)) if asks(data)]


def ask_postgresql(data):
    try:
        psycopg.connect(embedded.database_url(data, user=embedded.OWNER)).close()
    except psycopg.OperationalError:
        return False
    return True


def ask_valkey(data):
    try:
        with Redis.from_url(embedded.redis_url(data)) as valkey:
            return valkey.ping()
    except RedisError:
        return False


def gone(data):
    """Whether both servers are gone within ten seconds."""
    until = time.monotonic() + 10
    while answering(data) and time.monotonic() < until:
        time.sleep(0.05)
    return not answering(data)


def keepers(process):
    """The processes of tied.py that `process` started."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout.splitlines()
    return [int(pid) for pid, parent in (line.split() for line in lines) if int(parent) == process.pid]


def test_the_servers_end_with_the_block_and_keep_their_data(data):
    with (
        embedded.servers(data, throwaway=True),
        psycopg.connect(embedded.database_url(data, user=embedded.OWNER)) as connection,
    ):
        connection.execute("CREATE TABLE kept (word text)")
    assert gone(data)

    with (
        embedded.servers(data, throwaway=True),
        psycopg.connect(embedded.database_url(data, user=embedded.OWNER)) as connection,
    ):
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_only_the_servers_own_user_enters_their_folder_and_no_other_mode_changes(data):
    above = {folder: folder.stat().st_mode for folder in data.parents}

    with embedded.servers(data, throwaway=True):
        modes = [stat.S_IMODE(folder.stat().st_mode) for folder in (data / "servers", embedded.sockets(data))]

    assert modes == [0o700, 0o700]
    assert {folder: folder.stat().st_mode for folder in data.parents} == above


def test_a_second_process_uses_what_runs_and_leaves_it_running(data, owner):
    with embedded.servers(data):
        assert answering(data) == ["postgresql", "valkey"]

    assert answering(data) == ["postgresql", "valkey"]


def test_the_servers_end_when_their_owner_is_killed(data, owner):
    owner.kill()
    owner.wait()

    assert gone(data)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel tells a process nothing of its parent's end")
def test_servers_end_with_keepers_that_are_killed(data, owner):
    orphans = [owner.pid, *keepers(owner)]
    for pid in orphans:
        os.kill(pid, signal.SIGKILL)
    owner.wait()

    assert gone(data)

    with embedded.servers(data, throwaway=True):
        assert answering(data) == ["postgresql", "valkey"]


def test_servers_that_were_left_behind_are_replaced_at_the_next_start(data):
    home = embedded.Home.prepare(data)
    switch = {"user": home.user, "group": home.group, "extra_groups": []} if os.geteuid() == 0 else {}
    with embedded.servers(data, throwaway=True):
        pass  # makes the database
    left = [
        subprocess.Popen(
            server.command, cwd=home.folder, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **switch
        )
        for server in (embedded._postgresql(home, throwaway=True), embedded._valkey(home))
    ]
    until = time.monotonic() + 20
    while answering(data) != ["postgresql", "valkey"] and time.monotonic() < until:
        time.sleep(0.05)

    for process in left:  # nobody waits for a server that was left behind; here the test is its parent
        threading.Thread(target=process.wait, daemon=True).start()
    with embedded.servers(data, throwaway=True):
        assert answering(data) == ["postgresql", "valkey"]
        assert not any(process.poll() is None for process in left)

    assert gone(data)


def test_a_stale_pid_file_does_not_stand_in_the_way(data):
    with embedded.servers(data, throwaway=True):
        kept = (data / "servers" / "postgresql" / "postmaster.pid").read_bytes()
    (data / "servers" / "postgresql" / "postmaster.pid").write_bytes(kept.replace(kept.split()[0], b"1", 1))

    with embedded.servers(data, throwaway=True):
        assert answering(data) == ["postgresql", "valkey"]


def test_a_deep_data_folder_gets_its_sockets_elsewhere(tmp_path):
    deep = tmp_path / ("x" * 100)

    assert len(str(embedded.sockets(deep))) <= embedded.SOCKET_LIMIT
    assert embedded.sockets(deep) != embedded.sockets(tmp_path / ("y" * 100))


def test_a_failed_start_shows_the_end_of_the_log(data):
    with embedded.servers(data, needed=("postgresql",), throwaway=True):
        pass
    (data / "servers" / "postgresql" / "PG_VERSION").write_text("9.0\n")

    with pytest.raises(embedded.CannotStart, match="not compatible"), embedded.servers(data, throwaway=True):
        pass


def test_a_folder_may_have_a_space_and_any_letter_in_its_name(data):
    folder = embedded.data_folder(settings.BASE_DIR, given=f"{data}/mine data på disk")

    with embedded.servers(folder, throwaway=True):
        assert answering(folder) == ["postgresql", "valkey"]


def test_processes_that_begin_at_once_share_a_new_folder(data, monkeypatch):
    """Another one makes each folder after this one has seen that it is not there."""
    make = Path.mkdir

    def second(folder, *words, **more):
        make(folder, *words, **more)
        make(folder, *words, **more)

    monkeypatch.setattr(Path, "mkdir", second)

    folder = embedded.data_folder(settings.BASE_DIR, given=str(data / "new" / "one"))

    assert folder.is_dir()


def test_servers_are_made_once_by_processes_that_begin_at_once(data):
    command = [sys.executable, "-c", OWNER, str(data)]
    owners = [subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE) for _ in range(3)]
    try:
        assert [owner.stdout.readline() for owner in owners] == [b"up\n"] * 3
        assert answering(data) == ["postgresql", "valkey"]
    finally:
        for owner in owners:
            owner.kill()
            owner.communicate()
        gone(data)


def test_one_data_folder_has_one_run(data):
    with (
        embedded.one_run(data, address="http://127.0.0.1:8000"),
        pytest.raises(embedded.AlreadyRuns, match=r"runs already, at http://127\.0\.0\.1:8000\. For another one"),
        embedded.one_run(data, address="http://127.0.0.1:8010"),
    ):
        pass

    with embedded.one_run(data, address="http://127.0.0.1:8010"):
        assert (data / "run.lock").read_text() == "http://127.0.0.1:8010"
