"""Compiles locale/*/LC_MESSAGES/*.po newer than their .mo, without gettext: `python -m portal.local.translations`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parents[2] / "locale"


def compile_all(folder: Path = LOCALE) -> int:
    """Compile what is out of date below `folder`; returns how many.

    Raises OSError for a file that is not a catalogue.
    """
    stale = [po for po in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_stale(po)]
    for po in stale:
        draft = po.with_suffix(f".{os.getpid()}")
        polib.pofile(str(po)).save_as_mofile(str(draft))
        draft.replace(po.with_suffix(".mo"))  # atomic: readers see the old file or the new one
    return len(stale)


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime


if __name__ == "__main__":
    count = compile_all()
    if count:
        sys.stdout.write(f"Compiled {count} translations\n")
