"""The WSGI environment of an ASGI request. https://peps.python.org/pep-3333/ and https://asgi.readthedocs.io/en/latest/specs/www.html"""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import unquote_to_bytes

PLAIN = {"content-length": "CONTENT_LENGTH", "content-type": "CONTENT_TYPE"}
JOINED_BY = {"HTTP_COOKIE": "; "}


def of(scope: dict[str, Any]) -> dict[str, Any]:
    """Without `wsgi.input`. A header whose name has an underscore is left out: it would pass for one with a hyphen."""
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path.partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        _add(environ, raw_name.decode("latin-1").lower(), raw_value.decode("latin-1"))
    return environ


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    if "_" in name:
        return
    key = PLAIN.get(name) or f"HTTP_{name.upper().replace('-', '_')}"
    environ[key] = f"{environ[key]}{JOINED_BY.get(key, ',')}{value}" if key in environ else value
