"""The whole sandbox as one JSON document: stored data, clock, signing keys and pending faults; and loading it again.

The document holds private signing keys (of this sandbox alone), so that earlier tokens still verify after loading.
The record of served calls is not part of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from .clock import Clock
from .faults import Fault
from .kernel import Kernel
from .keys import SigningKey
from .state import State

VERSION = 1

Dump = Callable[["Kernel"], Any]
Load = Callable[["Kernel", Any], None]
_PARTS: dict[str, tuple[Dump, Load]] = {}


class BadSnapshot(Exception):
    """The document is not a snapshot that this sandbox can load. The message names the position of the error."""


def part(name: str, *, dump: Dump, load: Load) -> None:
    """Let a module save more than the `State`. `dump` gives plain values and `load` accepts them."""
    _PARTS[name] = (dump, load)


def dump(sandbox: Kernel) -> bytes:
    """The snapshot as JSON text."""
    with sandbox.lock:
        document = {
            "version": VERSION,
            "clock": sandbox.clock.dump(),
            "signing_keys": {name: {"kid": key.kid, "pem": key.pem()} for name, key in sandbox.signing_keys.items()},
            "faults": sandbox.faults.pending,
            "parts": {name: dump_part(sandbox) for name, (dump_part, _) in _PARTS.items()},
            "state": sandbox.state,
        }
        return msgspec.json.encode(document)


class _Document(msgspec.Struct, kw_only=True):
    version: int
    clock: dict[str, Any]
    signing_keys: dict[str, dict[str, str]]
    faults: list[Fault] = []
    parts: dict[str, Any] = {}
    state: State


def load(sandbox: Kernel, text: bytes) -> None:
    """Restore the sandbox from a snapshot. Raises BadSnapshot and then changes nothing."""
    document = _read(text)
    _check_clock(document.clock)
    try:
        keys = {name: SigningKey(**saved) for name, saved in document.signing_keys.items()}
    except (TypeError, ValueError) as error:
        raise BadSnapshot(f"$.signing_keys: not a usable key ({type(error).__name__})") from None
    with sandbox.lock:
        _restore(sandbox, document, keys)


def _read(text: bytes) -> _Document:
    try:
        document = msgspec.json.decode(text, type=_Document)
    except msgspec.MsgspecError as error:
        raise BadSnapshot(str(error)) from None
    if document.version != VERSION:
        raise BadSnapshot(f"$.version: {document.version} is not a version this sandbox reads ({VERSION})")
    return document


def _check_clock(saved: dict[str, Any]) -> None:
    try:
        trial = Clock()
        trial.load(saved)
        trial.now().isoformat()
    except (TypeError, ValueError, OverflowError):
        raise BadSnapshot("$.clock: needs `frozen_at` (ISO time or null) and `offset_seconds` (a number)") from None


def _restore(sandbox: Kernel, document: _Document, keys: dict[str, SigningKey]) -> None:
    sandbox.clock.load(document.clock)
    sandbox.signing_keys.update(keys)
    sandbox.state = document.state
    sandbox.faults.pending[:] = document.faults
    sandbox.caches.clear()
    for name, (_, load_part) in _PARTS.items():
        if name in document.parts:
            load_part(sandbox, document.parts[name])
