"""Lists the files of a storage, whatever kind it is."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files.storage import Storage


def names(storage: Storage, *, first: str = "") -> Iterator[str]:
    """All files, by their names: those after `first`, a name of a file, and then the others. A file may be gone when its name comes.

    In a folder, those that are beside `first` in its top folder may all come at the beginning.
    """
    listing = getattr(storage, "names", None)
    return listing(first=first) if listing else _below(storage, "", first.partition("/")[0])


def _below(storage: Storage, folder: str, first: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:  # nothing was stored yet, or the folder was removed
        return
    yield from (f"{folder}/{name}".lstrip("/") for name in sorted(files))
    for name in sorted(folders, key=lambda name: (name < first, name)):
        yield from _below(storage, f"{folder}/{name}".lstrip("/"), "")
