"""Calls of the sandbox to webhooks, made outside its lock: jobs put them into the outbox and `pump` sends them.

The result of each call is handled under the lock, where the next attempt is scheduled.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import msgspec

from .kernel import Kernel

Deliver = Callable[[str, bytes, dict[str, str]], int | None]
TIMEOUT = 45.0
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


class Post(msgspec.Struct, kw_only=True):
    """One body to be sent to `url`. `done` is called under the lock with the status (None: no answer)."""

    url: str
    body: bytes
    done: Callable[[Kernel, int | None], None]


def over_http(url: str, body: bytes, headers: dict[str, str]) -> int | None:
    """The status of the answer; None when there was no answer or the address cannot be called."""
    try:
        return _session().post(url, content=body, headers=headers).status_code
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None


@cache
def _session() -> httpx.Client:
    """Connections are kept: making each call a new one takes longer than the call."""
    return httpx.Client(timeout=TIMEOUT)


def outbox(sandbox: Kernel) -> list[Post]:
    posts: list[Post] = sandbox.caches.setdefault("outbox", [])
    return posts


def put(sandbox: Kernel, *, url: str, event: dict[str, Any], done: Callable[[Kernel, int | None], None]) -> None:
    outbox(sandbox).append(Post(url=url, body=msgspec.json.encode(event), done=done))


def pump(sandbox: Kernel, deliver: Deliver = over_http) -> int:
    """Execute due jobs, then send everything in the outbox. Returns the number of posts."""
    sandbox.run_due()
    with sandbox.lock:
        waiting = list(outbox(sandbox))
        outbox(sandbox).clear()
    for post in waiting:
        status = deliver(post.url, post.body, HEADERS)
        with sandbox.lock:
            post.done(sandbox, status)
    return len(waiting)
