"""A remote that counts its calls, and the gateways' channel to it with the budgets around."""

from __future__ import annotations

import threading
import time
from typing import Any

import httpx
import pytest

from portal.core import budgets
from portal.gateways import http

API = "https://innrapporteringbsu.api.skatteetaten.no/v1/2025"
HOST = "https://platform.tt02.altinn.no/dialogporten"


class Remote(httpx.BaseTransport):
    """Counts how many calls it has in all, and at once by host. `status` and `headers` are those of its answers."""

    def __init__(self, status: int = 200, headers: dict[str, str] | None = None, seconds: float = 0.02) -> None:
        self.status, self.headers, self.seconds = status, headers or {}, seconds
        self.now: dict[str, int] = {}
        self.most, self.calls = 0, 0
        self.lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.calls += 1
            self.now[request.url.host] = self.now.get(request.url.host, 0) + 1
            self.most = max(self.most, self.now[request.url.host])
        time.sleep(self.seconds)
        with self.lock:
            self.now[request.url.host] -= 1
        return httpx.Response(self.status, headers=self.headers, json={})

    def use(self, monkeypatch: pytest.MonkeyPatch) -> Remote:
        monkeypatch.setattr(http, "TRANSPORT", self)
        monkeypatch.setattr(http, "slot", budgets.slot)
        return self


def call(url: str = API, service: str = "skatteetaten") -> Any:
    return http.Channel(service=service, base_url="").call("GET", url)


def ask() -> Any:
    """A call to Altinn in test."""
    return call(HOST, "dialogporten")
