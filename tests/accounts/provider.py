"""A real server of OpenID Connect on this machine, and a person's browser between it and the portal.

The server is that of the package `oidc-provider-mock`. What it lacks stands around it: it checks PKCE, answers `prompt=none`, and can be
told to answer wrongly, as an attacker or a broken provider would.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import oidc_provider_mock
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse
from werkzeug.serving import make_server

from accounts.models import User

CLIENT = "portal"


class Provider:
    """`claims` are those of the person in the browser; `spoil` changes the ID token; `is_off`: the person is let in no longer."""

    def __init__(self) -> None:
        self.app = oidc_provider_mock.app()
        self.spoil: Callable[[str], str] = lambda token: token
        self.is_off, self.is_away = False, False
        self.challenges: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.claims: dict[str, Any] = {}

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        query = {name: values[0] for name, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if self.is_away:
            start("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"away"]
        if environ["PATH_INFO"] == "/oauth2/authorize":
            self.asked.append(query)
            if self.is_off:
                start("302 Found", [("Location", answer(query, error="login_required"))])
                return [b""]
            environ["QUERY_STRING"] = urlencode(
                {name: query[name] for name in query if name not in ("prompt", "max_age")}
            )
        if environ["PATH_INFO"] == "/oauth2/token":
            return self._token(environ, start)
        return self.app.wsgi_app(environ, start)

    def _token(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Refuses a verifier that is not that of the challenge."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        sent = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        if self.challenges.get(sent["code"]) != base64.urlsafe_b64encode(digest).decode().rstrip("="):
            start("400 Bad Request", [("Content-Type", "application/json")])
            return [b'{"error": "invalid_grant"}']
        environ["wsgi.input"] = io.BytesIO(body)
        head: list[Any] = []
        content = b"".join(self.app.wsgi_app(environ, lambda *args: head.extend(args)))
        reply = json.loads(content)
        reply["id_token"] = self.spoil(reply["id_token"])
        spoiled = json.dumps(reply).encode()
        start(head[0], [("Content-Type", "application/json"), ("Content-Length", str(len(spoiled)))])
        return [spoiled]


def answer(query: dict[str, str], **more: str) -> str:
    return f"{query['redirect_uri']}?{urlencode({'state': query['state'], **more})}"


@contextmanager
def running(provider: Provider) -> Iterator[str]:
    """Its address, which is its name as an issuer."""
    server = make_server("127.0.0.1", 0, provider, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def say_who(issuer: str, sub: str, **claims: Any) -> None:
    httpx.put(f"{issuer}/users/{sub}", json=claims).raise_for_status()


def go_there(client: Client, provider: Provider, location: str, sub: str) -> str:
    """The person's browser at the provider: the address that it is sent back to."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    reply = httpx.post(location, data={"sub": sub}) if not provider.is_off else httpx.get(location)
    back = reply.headers["location"]
    code = parse_qs(urlsplit(back).query).get("code", [""])[0]
    provider.challenges[code] = query["code_challenge"]
    return back


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def log_in_there(client: Client, provider: Provider, sub: str, **form: str) -> Any:
    """The button on the log-in page, the provider's page, and back."""
    sent = client.post(reverse("oidc-begin"), form)
    return client.get(path_of(go_there(client, provider, sent["Location"], sub)))


def another_key() -> Any:
    return rsa.generate_private_key(65537, 2048)


def who_is_in(client: Client) -> User | None:
    return User.objects.filter(pk=client.session.get("_auth_user_id", 0)).first()
