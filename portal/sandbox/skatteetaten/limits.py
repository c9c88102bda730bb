"""At most five concurrent calls for each API and organisation. The real answer to the sixth call is not public.

The sandbox answers 429 with a code of its own, which cannot be mistaken for a real one.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import jwt
from werkzeug.wrappers import Request, Response

from ..kernel import Kernel
from ..replies import Reply, as_json
from ..routing import guard
from ..tokens import orgnr_of

_running: Counter[tuple[int, str, str]] = Counter()
_lock = threading.Lock()


@guard("/skatteetaten/")
@contextmanager
def limit_concurrency(sandbox: Kernel, request: Request) -> Iterator[None]:
    """Count the running calls, before the sandbox's lock puts them in sequence."""
    who = (id(sandbox), _api(request.path), _organisation(request))
    with _lock:
        if _running[who] >= sandbox.state.settings.concurrent_calls:
            raise Reply(_too_many(sandbox.state.settings.concurrent_calls))
        _running[who] += 1
    try:
        yield
    finally:
        with _lock:
            _running[who] -= 1
            if not _running[who]:
                del _running[who]


def _too_many(limit: int) -> Response:
    body = {
        "kode": "SANDBOX_429",
        "melding": f"Mer enn {limit} samtidige kall for samme API og organisasjon.",
        "korrelasjonsid": "",
        "spesifisering": [],
    }
    return as_json(body, status=429, headers={"Retry-After": "1"})


def _api(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[2:4]) if parts[2] == "api" else parts[2]


def _organisation(request: Request) -> str:
    """The organisation in the unverified token. The services verify the token themselves."""
    raw = request.headers.get("Authorization", "").partition(" ")[2]
    try:
        consumer = jwt.decode(raw, options={"verify_signature": False}).get("consumer")
    except jwt.InvalidTokenError:
        return ""
    return orgnr_of(consumer) if isinstance(consumer, dict) else ""
