"""A file that a command writes for whoever gave it: new, for its owner alone, and either whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Raises FileExistsError for what is there, also a link. When the block fails, what it has written is taken away.

    It is opened before anything else is tried: nothing but our own file is ever taken away.
    """
    own = os.open(path, NEW, 0o600)
    try:
        with os.fdopen(own, "wb") as target:
            yield target
    except BaseException:
        path.unlink(missing_ok=True)
        raise
