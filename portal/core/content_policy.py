"""What browsers may load on our pages, and whom a finder of a fault tells: settings with a rule of their own."""

from __future__ import annotations

from collections.abc import Iterable

from portal.core.env import BadSetting, Env

Policy = dict[str, list[str]]


def content_policy(*, sandbox: str | None, also: Iterable[str] = ()) -> Policy:
    """The Content-Security-Policy: nothing but our own files, nothing inline.

    Browsers hold redirects after a form to form-action as well, and the customer's approval leads on to Altinn. `also`: origins of
    the identity provider, to which the log-in leads.
    """
    own = ["'self'"]
    return {
        "default-src": ["'none'"],
        **dict.fromkeys(("script-src", "style-src"), own),
        "img-src": ["'self'", "data:"],
        **dict.fromkeys(("font-src", "connect-src", "manifest-src"), own),
        "form-action": ["'self'", "https://*.altinn.no", *([sandbox] if sandbox else []), *also],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }


def security_contact(env: Env) -> str:
    """Raises BadSetting."""
    contact = env.optional("SECURITY_CONTACT") or ""
    if contact and not contact.startswith(("mailto:", "https://")):
        problem = "must begin with mailto: or https://"
        raise BadSetting("SECURITY_CONTACT", problem, example="mailto:security@example.no")
    return contact
