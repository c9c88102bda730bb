"""`/control` obeys only callers on this machine and pages of its own: it has no log-in.

A page of another site can make a browser send a POST, and can give its own host name the address of this machine. The
browser then sends that site in `Origin` or in `Host`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

from ..altinn.system_register import is_loopback
from ..kernel import Kernel
from ..routing import guard
from .input import wrong


@guard("/control")
@contextmanager
def own_callers(sandbox: Kernel, request: Request) -> Iterator[None]:
    host = request.headers.get("Host", "")
    if not _is_known(sandbox, host):
        raise wrong(
            "The host of the address is not the sandbox's. Start it with --origin and that address.", status=403
        )
    origin = request.headers.get("Origin")
    if origin and origin not in (sandbox.origin, f"http://{host}", f"https://{host}"):
        raise wrong("The call comes from a page of another site.", status=403)
    yield


def _is_known(sandbox: Kernel, host: str) -> bool:
    """The host of the sandbox's own address, a name of this machine, or an address in numbers."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name == urlsplit(sandbox.origin).hostname or is_loopback(name):
            return True
        ip_address(name)
    except ValueError:
        return False
    return True
