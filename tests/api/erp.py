"""A system of the vendor's that calls the API, in tests."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Integration, Portfolio, Scope, User
from accounts.services.integrations import keeping, proofs
from portal.core.environments import Environment

EVERYTHING = [scope.value for scope in Scope]


def make_integration(
    user: User, name: str = "erp", *, portfolios: Iterable[Portfolio] = (), **fields: Any
) -> Integration:
    """By the service, as an administrator makes it. Without portfolios it sees all customers."""
    own = list(portfolios)
    values = {"environment": Environment.SANDBOX, "scopes": EVERYTHING, "sees_all_customers": not own, **fields}
    row = Integration(name=name, **values)
    keeping.save_integration(integration=row, portfolios=own, user=user.within(row.environment), at=timezone.now())
    return row


class Erp:
    """`secret` and a token of the integration. Each POST has an Idempotency-Key of its own unless `key` is given."""

    def __init__(self, integration: Integration) -> None:
        self.integration, self.client = integration, Client()
        made = proofs.make_secret(
            integration=integration, old_for=None, by="user:ida@vendor.example", at=timezone.now()
        )
        self.secret = made.text
        self.token = self.ask_token().json()["access_token"]

    def ask_token(self, **form: Any) -> Any:
        given = {
            "grant_type": "client_credentials", "client_id": self.integration.client_id, "client_secret": self.secret, **form,
        }  # fmt: skip
        return self.client.post("/api/v1/token", given)

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", **more}

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers(**headers))

    def put(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.put(f"/api/v1{path}", body, "application/json", headers=self.headers(**headers))

    def delete(self, path: str, **headers: str) -> Any:
        return self.client.delete(f"/api/v1{path}", headers=self.headers(**headers))

    def post(self, path: str, body: Any = None, *, key: str = "", **headers: str) -> Any:
        named = self.headers(**{"Idempotency-Key": key or str(uuid.uuid4()), **headers})
        return self.client.post(f"/api/v1{path}", body, "application/json", headers=named)

    def upload(self, path: str, files: Iterable[tuple[str, bytes]], *, key: str = "", **form: Any) -> Any:
        uploads = [SimpleUploadedFile(name, content) for name, content in files]
        named = self.headers(**{"Idempotency-Key": key or str(uuid.uuid4())})
        return self.client.post(f"/api/v1{path}", {**form, "files": uploads}, headers=named)


def new_minute() -> None:
    """What was counted of calls is forgotten."""
    cache.clear()
