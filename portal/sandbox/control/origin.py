"""`/control` and the approval pages obey only callers on this machine and pages of their own: they have no log-in.

A page of another site can make a browser send a GET or a POST, and can give its own host name the address of this machine. The browser
then tells that site in `Origin`, `Sec-Fetch-Site` or `Host`; and without our consent it sends no other content types than those of forms.
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

READS = ("GET", "HEAD")
FORMS = "/control/play"
"""The one address of `/control` that takes what a form sends."""


@guard("/control")
@guard("/am-ui")
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
    if request.method not in READS:
        _check_sender(request)
    yield


def _check_sender(request: Request) -> None:
    """Raises Reply (403, 415)."""
    if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise wrong("The call comes from a page of another site.", status=403)
    takes_json = request.path.startswith("/control") and request.path != FORMS
    if request.method == "POST" and takes_json and request.content_length and request.mimetype != "application/json":
        raise wrong("Send the body as JSON, with Content-Type: application/json.", status=415)


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
