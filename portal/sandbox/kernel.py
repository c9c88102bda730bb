"""The types that all services of the sandbox share: the kernel with the stored data, one call, jobs, a dropped connection.

It imports only the modules of plain data below it (clock, faults, keys, state). It never imports a service, the routes
or the application, so that every module can import it without an import circle.
"""

from __future__ import annotations

import heapq
import secrets
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response

from .clock import Clock
from .faults import Faults
from .keys import SigningKey, new_signing_keys
from .state import Job, Settings, State

RECORDED_CALLS = 10_000

JobHandler = Callable[["Kernel", dict[str, Any], datetime], None]
JOBS: dict[str, JobHandler] = {}


def job(kind: str) -> Callable[[JobHandler], JobHandler]:
    """Register the function that executes jobs of `kind`. It runs under the lock when the job is due."""

    def register(handler: JobHandler) -> JobHandler:
        JOBS[kind] = handler
        return handler

    return register


class Dropped(Exception):
    """A fault requires that the connection breaks without an answer."""


class Kernel(ABC):
    """Everything of the sandbox but its HTTP side: stored data, clock, faults, signing keys, jobs and the lock.

    `keys` (one per issuer, "maskinporten" and "altinn") are reused when given; making new ones takes about 350 ms.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        origin: str = "http://127.0.0.1:8901",
        clock: Clock | None = None,
        keys: dict[str, SigningKey] | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock or Clock()
        self.origin = origin.rstrip("/")
        self.state = State(seed=seed)
        self._first_settings = Settings()
        self.faults = Faults(seed=seed)
        self.calls: deque[dict[str, Any]] = deque(maxlen=RECORDED_CALLS)
        self.signing_keys = dict(keys or new_signing_keys())
        self.after_request: list[Callable[[Kernel], None]] = []
        self.served = 0
        self.salt = secrets.token_hex(8)  # for values that must differ after a restart; no id is derived from it
        self.caches: dict[str, Any] = {}  # derived data, never saved; each service uses keys of its own

    @abstractmethod
    def perform(self, method: str, path: str, body: Any) -> Response:
        """Answer a call that the sandbox makes to itself, without faults and without recording it.

        The body is sent as JSON, or unchanged when it is bytes.
        """

    def start_with(self, **settings: Any) -> None:
        """Change settings permanently: `reset` returns to these values."""
        self._first_settings = msgspec.structs.replace(self._first_settings, **settings)
        self.state.settings = msgspec.structs.replace(self.state.settings, **settings)

    def issuers(self) -> dict[str, str]:
        """Issuer URL by token kind."""
        return {
            "maskinporten": f"{self.origin}/maskinporten/",
            "altinn": f"{self.origin}/platform/authentication/api/v1/openid/",
        }

    def reset(self) -> None:
        """Delete all stored data but the seed, and return to the settings the sandbox was started with."""
        self.state = State(seed=self.state.seed, settings=msgspec.structs.replace(self._first_settings))
        self.faults.clear()
        self.caches.clear()
        self.calls.clear()

    def run_due(self) -> None:
        """Execute every due job, oldest first. A job may schedule new ones."""
        with self.lock:
            while self.state.jobs and self.state.jobs[0].due <= self.clock.now():
                self._execute(heapq.heappop(self.state.jobs))

    def _execute(self, planned: Job) -> None:
        JOBS[planned.kind](self, planned.data, planned.due)


class Call:
    """One HTTP request that is being answered, with the stored data and the time of the answer."""

    __slots__ = ("now", "request", "sandbox", "state", "token_time")

    def __init__(self, sandbox: Kernel, request: WebRequest) -> None:
        self.sandbox = sandbox
        self.state = sandbox.state
        self.request = request
        self.now = sandbox.clock.now()
        self.token_time = sandbox.clock.token_time()  # what grants and tokens are judged by

    def body(self) -> Any:
        """The JSON body as plain values. Raises msgspec.DecodeError; each service answers that in its own format."""
        return msgspec.json.decode(self.request.get_data())
