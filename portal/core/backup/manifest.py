"""What a backup says of itself: when, of which release, under which keys, and the hash of each part.

The manifest is readable and holds no data of customers. It is sealed with SECRET_KEY: who can write to the place of the backups has
not the key, so a backup that was changed or put together is refused.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.crypto import constant_time_compare, salted_hmac

from portal.core.crypto import fingerprint

FILE = "manifest.json"
FORMAT = 1
DATABASE, DOCUMENTS = "database.age", "documents.age"


class Unusable(Exception):
    """The backup does not fit, or is not what was made. The message tells the operator what to do."""


@dataclass(frozen=True)
class Part:
    """One file of a backup, as it lies there. `bytes`: its size."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """`migrations` are `app.name`; `keys` and `secret` are fingerprints; `postgresql` is the server's version (180001)."""

    made_at: str
    migrations: list[str]
    keys: list[str]
    secret: str
    postgresql: int
    documents: int = 0
    parts: dict[str, Part] = field(default_factory=dict)
    format: int = FORMAT


def begin(*, made_at: str) -> Manifest:
    """Of this installation, without parts."""
    return Manifest(
        made_at=made_at,
        migrations=sorted(_applied()),
        keys=[fingerprint(key) for key in settings.ENCRYPTION_KEYS],
        secret=fingerprint(settings.SECRET_KEY),
        postgresql=server_version(),
    )


def _applied() -> set[str]:
    return {f"{app}.{name}" for app, name in MigrationExecutor(connection).loader.applied_migrations}


def server_version() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0])


def write(manifest: Manifest, folder: Path) -> None:
    """With its seal. Last of all: a folder without a manifest is no backup."""
    content = asdict(manifest)
    sealed = {**content, "seal": _seal(content, settings.SECRET_KEY)}
    (folder / FILE).write_text(json.dumps(sealed, indent=2) + "\n", encoding="utf-8")


def read(folder: Path) -> Manifest:
    """Raises Unusable unless it was made with one of our secret keys, and is unchanged."""
    try:
        content: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        seal = str(content.pop("seal"))
        found = Manifest(**{**content, "parts": {name: Part(**part) for name, part in content["parts"].items()}})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unusable(f"{folder} is no backup: {FILE} cannot be read ({type(error).__name__})") from None
    if found.format != FORMAT:
        raise Unusable(f"The backup has format {found.format}, and this release reads format {FORMAT}")
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    secret = next((one for one in secrets if fingerprint(one) == found.secret), None)
    if secret is None:
        raise Unusable("SECRET_KEY is not that of the backup: set it, or add the old one to SECRET_KEY_FALLBACKS")
    if not constant_time_compare(seal, _seal(content, secret)):
        raise Unusable(f"{FILE} was changed after the backup was made")
    return found


def _seal(content: dict[str, Any], secret: str) -> str:
    plain = json.dumps(content, sort_keys=True)
    return salted_hmac("portal.backup", plain, secret=secret, algorithm="sha256").hexdigest()


def check_fits(manifest: Manifest) -> None:
    """Keys, release and server. Raises Unusable."""
    ours = {fingerprint(key) for key in settings.ENCRYPTION_KEYS}
    missing = [name for name in manifest.keys if name not in ours]
    if missing:
        raise Unusable(
            "ENCRYPTION_KEYS lacks keys of the time of the backup (fingerprint " + ", ".join(missing) + "). "
            "Add them behind the newest: without them documents and private keys are lost"
        )
    loader = MigrationExecutor(connection).loader
    newer = sorted(set(manifest.migrations) - {f"{app}.{name}" for app, name in loader.disk_migrations})
    if newer:
        raise Unusable(
            f"The backup is of a newer release: this one does not know {', '.join(newer[:3])}. Install that one"
        )
    if server_version() // 10000 < manifest.postgresql // 10000:
        raise Unusable(f"The backup is of PostgreSQL {manifest.postgresql // 10000}, which is newer than this server")


__all__ = ["DATABASE", "DOCUMENTS", "Manifest", "Part", "Unusable", "begin", "check_fits", "read", "write"]
