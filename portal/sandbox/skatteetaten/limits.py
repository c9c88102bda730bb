"""At most five calls at a time for each API and organisation. What the real services answer to the sixth is not public:
429 with a code of the sandbox's own, so that nobody takes it for theirs.
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
def five_at_a_time(sandbox: Kernel, request: Request) -> Iterator[None]:
    """Counts the calls that are on their way, before the sandbox's own lock puts them in a row."""
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
    """Whose call it says it is; the services themselves verify the token."""
    raw = request.headers.get("Authorization", "").partition(" ")[2]
    try:
        consumer = jwt.decode(raw, options={"verify_signature": False}).get("consumer")
    except jwt.InvalidTokenError:
        return ""
    return orgnr_of(consumer) if isinstance(consumer, dict) else ""
