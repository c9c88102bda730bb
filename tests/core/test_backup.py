"""Backups: made without the power to read them, refused when they are not whole or do not fit, and put back into an empty place."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyrage
import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.sql import SQL, Identifier
from pytest_django import Settings

from portal.core.audit import AuditEvent
from portal.core.backup import making, postgres, putting_back
from portal.core.backup.manifest import DATABASE, DOCUMENTS, FILE, Unusable
from portal.core.backup.row import Backup, find_newest, is_overdue
from portal.core.env import new_key
from submissions.models import Document, Submission
from submissions.services.documents import read_document
from systemusers.models import Access
from tests.core.backup_places import Keys, empty_database, forget_connections, new_keys, tables_again
from tests.fixtures import AT
from tests.submissions.rows import access, make_draft, own_storage
from tests.submissions.world import World, store_package, world

__all__ = ["access", "own_storage", "world"]
BY = "task:operator"
Empty = Callable[[], None]


@pytest.fixture
def keys(tmp_path: Path, settings: Settings) -> Keys:
    keys = new_keys(tmp_path)
    settings.BACKUP_RECIPIENTS = [keys.recipient]
    return keys


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def made(world: World, access: Access, keys: Keys, place: Path, transactional_db: None) -> Path:
    """A backup of a draft with its files."""
    submission = make_draft(access, at=world.at)
    store_package(submission)
    return make(place)


def make(place: Path) -> Path:
    row = making.make(folder=place, recipients=configured.BACKUP_RECIPIENTS, by=BY, at=AT)
    return place / row.name


@pytest.fixture
def migrated() -> Iterator[None]:
    """The tables are there again for the tests that follow."""
    yield
    tables_again()


@pytest.fixture
def empty_place(tmp_path: Path, settings: Settings, migrated: None) -> Callable[[], None]:
    """Call it once the backup is made: from then on database and documents are new and empty."""

    def empty() -> None:
        empty_database()
        options = {**settings.STORAGES["documents"]["OPTIONS"], "location": tmp_path / "second"}
        settings.STORAGES = {**settings.STORAGES, "documents": {**settings.STORAGES["documents"], "OPTIONS": options}}

    return empty


def change(folder: Path, **values: Any) -> None:
    content = json.loads((folder / FILE).read_text())
    (folder / FILE).write_text(json.dumps({**content, **values}))


def tables(name: str = "") -> dict[str, int]:
    """The number of rows of every table that a backup carries."""
    with psycopg.connect(**{**connection.get_connection_params(), **({"dbname": name} if name else {})}) as own:
        names = own.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        count = SQL("SELECT count(*) FROM {}")
        return {n: own.execute(count.format(Identifier(n))).fetchone()[0] for (n,) in names}


def test_a_backup_is_readable_for_nobody_but_the_holder_of_the_private_key(made: Path) -> None:
    customer = Document.objects.first().customer
    content = b"".join(file.read_bytes() for file in made.iterdir())

    assert {file.name for file in made.iterdir()} == {DATABASE, DOCUMENTS, FILE}
    assert customer.name.encode() not in content
    assert customer.orgnr.encode() not in content
    assert (made / DATABASE).read_bytes().startswith(b"age-encryption.org/v1")


def test_a_backup_is_a_row_and_an_event(made: Path) -> None:
    row = find_newest()

    assert row is not None
    assert (row.name, row.documents) == (made.name, len(set(Document.objects.values_list("sha256"))))
    assert row.bytes == sum((made / name).stat().st_size for name in (DATABASE, DOCUMENTS))
    assert AuditEvent.objects.filter(what="backup", detail={"folder": made.name}).exists()


def test_a_backup_is_put_back_into_an_empty_place(made: Path, keys: Keys, empty_place: Empty) -> None:
    before = tables()
    empty_place()

    done = putting_back.restore(folder=made, identity=keys.identity)
    forget_connections()
    putting_back.note(done, at=AT)

    assert tables() == before
    assert Document.objects.count()
    assert all(read_document(document) for document in Document.objects.all())
    assert find_newest().name == made.name, "the backup knows that it is whole"
    assert not storages["documents"].exists(putting_back.UNDER_WAY)


def test_a_restore_that_was_interrupted_goes_on(
    made: Path, keys: Keys, empty_place: Empty, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_place()
    stored: list[str] = []

    def one_then_none(name: str, file: Any) -> None:
        if stored:
            raise KeyboardInterrupt
        stored.append(name)
        storages["documents"].save(name, ContentFile(b"half"))

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(putting_back, "_store", one_then_none)
        putting_back.restore(folder=made, identity=keys.identity)
    putting_back.restore(folder=made, identity=keys.identity)
    forget_connections()

    assert all(read_document(document) for document in Document.objects.all())


def test_a_database_with_tables_is_not_restored_into(made: Path, keys: Keys) -> None:
    with pytest.raises(Unusable, match="not empty"):
        putting_back.restore(folder=made, identity=keys.identity)

    assert Submission.objects.exists()


def test_a_storage_with_documents_is_not_restored_into(made: Path, keys: Keys, migrated: None) -> None:
    empty_database()

    with pytest.raises(Unusable, match="documents is not empty"):
        putting_back.restore(folder=made, identity=keys.identity)

    assert connection.introspection.table_names() == []


def test_the_storage_of_another_unfinished_restore_is_left_alone(made: Path, keys: Keys, empty_place: Empty) -> None:
    empty_place()
    storages["documents"].save(putting_back.UNDER_WAY, ContentFile(b"0" * 64))

    with pytest.raises(Unusable, match="another backup"):
        putting_back.restore(folder=made, identity=keys.identity)


def test_another_private_key_opens_nothing(made: Path, tmp_path: Path, empty_place: Empty) -> None:
    empty_place()

    with pytest.raises(Unusable, match="does not open"):
        putting_back.restore(folder=made, identity=new_keys(tmp_path, "another.txt").identity)

    assert connection.introspection.table_names() == []


@pytest.mark.parametrize(
    ("values", "match"),
    [
        ({"documents": 7}, "was changed"), ({"made_at": "2020-01-01T00:00:00+00:00"}, "was changed"),
        ({"format": 2}, "format 2"), ({"parts": {}}, "was changed"), ({"parts": 3}, "cannot be read"), ({"seal": 1}, "was changed"),
    ],
)  # fmt: skip
def test_a_manifest_that_was_changed_is_refused(made: Path, values: dict[str, Any], match: str) -> None:
    change(made, **values)

    with pytest.raises(Unusable, match=match):
        putting_back.check(made)


@pytest.mark.parametrize("part", [DATABASE, DOCUMENTS])
def test_a_part_that_was_changed_or_is_gone_is_refused(made: Path, part: str) -> None:
    content = (made / part).read_bytes()
    (made / part).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(Unusable, match=f"{part} is not what was written"):
        putting_back.check(made)

    (made / part).unlink()
    with pytest.raises(Unusable, match=f"{part} is missing"):
        putting_back.check(made)


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="is no backup"):
        putting_back.check(tmp_path)


def test_keys_of_the_time_of_the_backup_must_be_there(made: Path, settings: Settings) -> None:
    ring = settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(Unusable, match="ENCRYPTION_KEYS lacks"):
        putting_back.check(made)

    settings.ENCRYPTION_KEYS = [new_key(), *ring]
    putting_back.check(made)


def test_the_secret_key_may_be_an_older_one(made: Path, settings: Settings) -> None:
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another-one-" * 5
    with pytest.raises(Unusable, match="SECRET_KEY_FALLBACKS"):
        putting_back.check(made)

    settings.SECRET_KEY_FALLBACKS = [before]
    putting_back.check(made)


def test_a_backup_of_a_newer_release_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.migrations.loader import MigrationLoader

    load = MigrationLoader.load_disk

    def without_the_newest(self: MigrationLoader) -> None:
        load(self)
        del self.disk_migrations["portal", "0001_initial"]

    monkeypatch.setattr(MigrationLoader, "load_disk", without_the_newest)
    monkeypatch.setattr(MigrationLoader, "build_graph", MigrationLoader.load_disk)

    with pytest.raises(Unusable, match=r"newer release.*portal\.0001_initial"):
        putting_back.check(made)


def test_a_name_that_leads_out_of_the_storage_is_refused() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../etc/passwd"), io.BytesIO())
    packed.seek(0)

    with pytest.raises(Unusable, match="no name of a document"):
        putting_back._unpack(packed, lambda name, file: pytest.fail(name))


@pytest.mark.parametrize("given", [[], ["age1nonsense"]])
def test_without_a_good_recipient_nothing_is_made(given: list[str], place: Path, db: None) -> None:
    with pytest.raises(Unusable, match="BACKUP_RECIPIENTS"):
        making.make(folder=place, recipients=given, by=BY, at=AT)

    assert not place.exists()
    assert not Backup.objects.exists()


def test_a_dump_that_fails_leaves_no_backup(place: Path, keys: Keys, db: None, settings: Settings) -> None:
    settings.POSTGRES_PROGRAMS = "/nowhere"

    with pytest.raises(Unusable, match="POSTGRES_PROGRAMS"):
        make(place)

    assert list(place.iterdir()) == []
    assert find_newest() is None


def test_a_dump_that_ends_early_leaves_no_backup(
    place: Path, keys: Keys, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "DUMP", ["pg_dump", "--format=custom", "--table=nothing_has_this_name"])

    with pytest.raises(Unusable, match="pg_dump ended with 1"):
        make(place)

    assert list(place.iterdir()) == []


def test_an_unreadable_private_key_is_not_repeated(tmp_path: Path) -> None:
    from portal.core.backup import streams

    (tmp_path / "keys").write_text("AGE-SECRET-KEY-1NOT")
    with pytest.raises(Unusable) as refused:
        streams.identities(tmp_path / "keys")

    assert "NOT" not in str(refused.value)


def test_a_missing_backup_is_noticed(db: None, settings: Settings) -> None:
    settings.BACKUP_WITHIN_HOURS = 26
    assert is_overdue(find_newest(), at=AT)

    Backup.objects.create(began_at=AT, finished_at=AT, name="x")
    assert not is_overdue(find_newest(), at=AT + timedelta(hours=25))
    assert is_overdue(find_newest(), at=AT + timedelta(hours=27))

    settings.BACKUP_WITHIN_HOURS = 0
    assert not is_overdue(find_newest(), at=AT + timedelta(days=9))


def test_the_commands_make_check_and_explain(made: Path, keys: Keys, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("restore", made, check=True)
    with pytest.raises(CommandError, match="--identity is missing"):
        call_command("restore", made)
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", made, identity=keys.identity)

    call_command("backup", to=made.parent)

    said = capsys.readouterr().out
    assert "Whole, and fits this release" in said
    assert "documents" in said


@pytest.mark.faults
def test_another_machine_goes_on_from_the_backup(made: Path, keys: Keys, tmp_path: Path) -> None:
    """A process of its own, with an empty database and an empty folder, as a new machine has them."""
    before, name = tables(), f"{connection.settings_dict['NAME']}_second"
    params = connection.get_connection_params()
    with psycopg.connect(**params, autocommit=True) as own:
        own.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))
        own.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name)))
        address = f"postgresql://{params.get('user', '')}@/{name}?host={own.info.host}&port={own.info.port}"
    secrets = {
        "SECRET_KEY": configured.SECRET_KEY, "ENCRYPTION_KEYS": ",".join(configured.ENCRYPTION_KEYS),
        "AUDIT_KEYS": ",".join(configured.AUDIT_KEYS),
    }  # fmt: skip
    environment = {
        **os.environ, **secrets, "PORTAL_MODE": "local", "DATABASE_URL": address.replace("//portal@", "//portal_app@"),
        "DATABASE_OWNER_URL": address, "DATA_DIR": str(tmp_path / "new machine"),
        "REDIS_URL": configured.REDIS_URL, "DJANGO_SETTINGS_MODULE": "portal.settings", "ENV_FILE": "/dev/null",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "restore", made, "--identity", keys.identity]

    done = subprocess.run(
        command, cwd=configured.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    after = tables(name)
    held = {"submissions_sendinghold", "portal_auditevent", "portal_auditseal"}
    assert {n: rows for n, rows in after.items() if n not in held} == {n: r for n, r in before.items() if n not in held}
    assert after["submissions_sendinghold"] > 0, "nothing is sent before everything was read again"
    files = [path for path in (tmp_path / "new machine" / "documents").rglob("*") if path.is_file()]
    assert {file.name for file in files} == set(Document.objects.values_list("sha256", flat=True))
    shutil.rmtree(tmp_path / "new machine")


def test_age_itself_could_open_it(made: Path, keys: Keys) -> None:
    """The format is that of age: no program of ours is needed to read a backup."""
    identity = pyrage.x25519.Identity.from_str(keys.identity.read_text().splitlines()[1])

    dump = pyrage.decrypt((made / DATABASE).read_bytes(), [identity])

    assert dump.startswith(b"PGDMP")
