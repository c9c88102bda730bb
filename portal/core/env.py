"""Values from the environment, each read by kind. A missing or bad one stops the start with a hint to act on.

A file `.env` in the project's root adds what the environment itself leaves out. NAME_FILE names a file that holds the value of NAME,
as secrets of Docker and Kubernetes are given. Standard library only.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
LARGEST_FILE = 64 * 1024
"""Bytes of a file that holds a value."""
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


class BadSetting(Exception):
    """One variable that is missing or cannot be used. The text names it, says what is wrong, and shows an example."""

    def __init__(self, name: str, problem: str, *, example: str) -> None:
        super().__init__(f"{name} {problem}. For example: {name}={example}")
        self.name = name


def load_file(path: Path, into: MutableMapping[str, str] = os.environ) -> None:
    """Read NAME=value lines; existing environment variables win, then the last line, as in a shell and in compose.

    Raises BadSetting for a line of another shape.
    """
    if not path.is_file():
        return
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise BadSetting(f"{path.name} line {number}", "is not of the form NAME=value", example="value")
        values[match[1]] = _unquoted(match[2])
    into.update({name: value for name, value in values.items() if name not in into})


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _content(name: str, file: Path) -> str:
    """Never empty. Raises BadSetting, which does not show what is in the file."""
    example = f"/run/secrets/{name.removesuffix('_FILE').lower()}"
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST_FILE + 1)
        text = content.decode("utf-8").strip()
    except OSError as error:
        raise BadSetting(name, f"names {file}, which cannot be read ({error.strerror})", example=example) from None
    except UnicodeDecodeError:
        raise BadSetting(name, f"names {file}, which is no text in UTF-8", example=example) from None
    if not text:
        raise BadSetting(name, f"names {file}, which is empty", example=example)
    if len(content) > LARGEST_FILE:
        raise BadSetting(name, f"names {file}, which is larger than {LARGEST_FILE // 1024} kB", example=example)
    return text


class Env:
    """Readers over one mapping of variables. An empty value counts as missing."""

    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self.values = values

    def optional(self, name: str) -> str | None:
        """The value, or the content of the file that NAME_FILE names, without white space around it."""
        value, file = self.values.get(name, "").strip(), self.values.get(f"{name}_FILE", "").strip()
        if not file:
            return value or None
        if value:
            problem = "is set, and so is the variable without _FILE: one of the two has to go"
            raise BadSetting(f"{name}_FILE", problem, example=file)
        return _content(f"{name}_FILE", Path(file).expanduser())

    def text(self, name: str, *, example: str, default: str | None = None) -> str:
        value = self.optional(name)
        if value is not None:
            return value
        if default is None:
            raise BadSetting(name, "is not set", example=example)
        return default

    def choice(self, name: str, *, among: tuple[str, ...], default: str) -> str:
        value = self.text(name, example=default, default=default)
        if value not in among:
            raise BadSetting(name, f"is {value!r}, but must be one of {', '.join(among)}", example=default)
        return value

    def bool(self, name: str, *, default: bool) -> bool:
        value = (self.optional(name) or str(default)).lower()
        if value not in TRUE | FALSE:
            raise BadSetting(name, f"is {value!r}, which is neither true nor false", example="false")
        return value in TRUE

    def integer(self, name: str, *, default: int, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
        value = self.optional(name) or str(default)
        if not re.fullmatch(r"-?[0-9]{1,10}", value) or not minimum <= int(value) <= maximum:
            problem = f"is {value!r}, but must be a whole number from {minimum} to {maximum}"
            raise BadSetting(name, problem, example=str(default))
        return int(value)

    def list(self, name: str, *, example: str, default: tuple[str, ...] | None = None) -> list[str]:
        """Words separated by commas."""
        value = self.optional(name)
        words = list(default or ()) if value is None else [word.strip() for word in value.split(",") if word.strip()]
        if not words and default is None:
            raise BadSetting(name, "is not set", example=example)
        return words

    def several(self, name: str, *, among: tuple[str, ...], default: tuple[str, ...]) -> tuple[str, ...]:
        """Words of `among` separated by commas; the word NONE for none of them."""
        words = self.list(name, example=",".join(among), default=default)
        if words == ["NONE"]:
            return ()
        if wrong := [word for word in words if word not in among]:
            problem = f"has {wrong[0]!r}, which is none of {', '.join(among)}, NONE"
            raise BadSetting(name, problem, example=",".join(among))
        return tuple(words)

    def url(self, name: str, *, schemes: tuple[str, ...], example: str, default: str | None = None) -> str:
        """An address without a trailing slash. A password in it never gets into the error text."""
        value = self.text(name, example=example, default=default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in schemes:
            problem = f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            raise BadSetting(name, problem, example=example)
        if not parts.netloc and not parts.path:
            raise BadSetting(name, "names no host", example=example)
        return value

    def token(self, name: str, *, minimum: int) -> str:
        """What another sends to be let in; "" where it is not set."""
        value = self.optional(name) or ""
        if value and len(value) < minimum:
            problem = f"is too short: {minimum} characters or more"
            raise BadSetting(name, problem, example="the-output-of: openssl rand -hex 20")
        return value

    def path(self, name: str, *, default: Path) -> Path:
        return Path(self.optional(name) or default).expanduser().absolute()

    def secret(
        self, name: str, *, minimum: int = 1, example: str, kept_in: Path | None = None, make: Callable[[], str]
    ) -> str:
        """A secret of at least `minimum` characters. With `kept_in`, one is made there once where none is set."""
        value = self.optional(name)
        if value is None and kept_in is not None:
            value = kept_secret(kept_in / name.lower(), make=make)
        if value is None:
            raise BadSetting(name, "is not set, and a secret has no default", example=example)
        if len(value) < minimum or len(set(value)) < min(minimum, 5) or value == example:
            raise BadSetting(name, f"is too weak: it must be at least {minimum} random characters", example=example)
        return value


def kept_secret(path: Path, *, make: Callable[[], str]) -> str:
    """The secret in the file `path`, readable by its owner alone. Made once; two processes at once agree on one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its secret is the one
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def new_key() -> str:
    """For ENCRYPTION_KEYS."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def encryption_keys(env: Env, *, kept_in: Path | None, make: Callable[[], str]) -> list[str]:
    """ENCRYPTION_KEYS: the first encrypts, all of them decrypt. Raises BadSetting unless each is 32 bytes in base64."""
    example = "the-output-of: python -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
    joined = env.secret("ENCRYPTION_KEYS", minimum=44, example=example, kept_in=kept_in, make=make)
    keys = [key.strip() for key in joined.split(",") if key.strip()]
    for number, key in enumerate(keys, start=1):
        if not re.fullmatch(r"[A-Za-z0-9_-]{43}=", key):
            raise BadSetting(
                "ENCRYPTION_KEYS",
                f"holds something else than a key of 32 bytes in base64 at place {number}",
                example=example,
            )
    return keys


def audit_keys(env: Env, *, kept_in: Path | None) -> list[str]:
    """AUDIT_KEYS: the first seals the audit trail, all of them verify it. Raises BadSetting unless each has 40 characters or more."""
    example = "the-output-of: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
    joined = env.secret(
        "AUDIT_KEYS", minimum=40, example=example, kept_in=kept_in, make=lambda: secrets.token_urlsafe(50)
    )
    keys = [key.strip() for key in joined.split(",") if key.strip()]
    if any(len(key) < 40 for key in keys):
        raise BadSetting(
            "AUDIT_KEYS", "holds a key that is too weak: each must have 40 random characters", example=example
        )
    return keys


def environments(env: Env, *, is_local: bool, has_sandbox: bool) -> tuple[str, ...]:
    """ENVIRONMENTS: those that are switched on. Raises BadSetting."""
    usual, example = ("SANDBOX", "TEST") if is_local else ("TEST", "PRODUCTION"), "TEST,PRODUCTION"
    names = tuple(env.list("ENVIRONMENTS", example=example, default=usual))
    for name in names:
        if name not in ("SANDBOX", "TEST", "PRODUCTION"):
            raise BadSetting(
                "ENVIRONMENTS", f"has {name!r}, which is none of SANDBOX, TEST, PRODUCTION", example=example
            )
    if "SANDBOX" in names and not has_sandbox:
        raise BadSetting("SANDBOX_URL", "is not set, though ENVIRONMENTS has SANDBOX", example="http://sandbox:8901")
    return names


def owner_of(url: str, *, owner: str | None) -> dict[str, Any] | None:
    """Django's settings for the owner of the database at `url`. Raises BadSetting when it is the same role, or another database."""
    if owner is None:
        return None
    example = "postgresql://portal:password@db.example.no:5432/portal"
    if urlsplit(owner).scheme not in ("postgresql", "postgres"):
        raise BadSetting("DATABASE_OWNER_URL", "must begin with postgresql:// or postgres://", example=example)
    theirs, ours = database(owner, pool_size=0), database(url, pool_size=0)
    if theirs["USER"] == ours["USER"]:
        raise BadSetting("DATABASE_OWNER_URL", "has the same user as DATABASE_URL", example=example)
    if theirs["NAME"] != ours["NAME"]:
        raise BadSetting("DATABASE_OWNER_URL", "names another database than DATABASE_URL", example=example)
    return theirs


def database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Django's settings for the PostgreSQL at `url`. `?host=/folder` means a socket there; 0 connections, no pool."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    options: dict[str, Any] = {key: value for key, value in query.items() if key != "host"}
    if pool_size:
        options["pool"] = {"min_size": 0, "max_size": pool_size, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": not pool_size,
        "OPTIONS": options,
    }
