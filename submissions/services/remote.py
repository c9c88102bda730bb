"""Builds this app's gateways for an environment, and fetches the customer's token. Tests replace the HTTP transport."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from portal.core.environments import Environment, addresses
from portal.core.required import required
from portal.gateways import urns
from portal.gateways.dialogporten import Dialogporten, TransmissionItem
from portal.gateways.errors import Refused
from portal.gateways.events import Events
from portal.gateways.skatteetaten.documents import Documents
from portal.gateways.skatteetaten.opened import Opened
from portal.gateways.statuses import Kind, kind_of
from submissions.adapters import HAND_OVERS
from submissions.models import Submission
from submissions.services.catalogue import Service, service
from systemusers.models import Access
from systemusers.services import tokens

Result = TypeVar("Result")
Given = TypeVar("Given")
DIALOGPORTEN_SCOPES = ("digdir:dialogporten",)
PAGE = 100


def dialogporten(environment: str) -> Dialogporten:
    return Dialogporten(platform=addresses(environment).platform)


def events(environment: str) -> Events:
    return Events(platform=addresses(environment).platform)


def opened(environment: str) -> Opened:
    return Opened(base_url=addresses(environment).skatteetaten_opened)


def base_url(submission: Submission) -> str:
    """Where the submission's service is, in its environment."""
    return service(submission.service).base_url(addresses(submission.environment))


def skatteetatens_documents(environment: str, service: Service | None) -> Documents:
    """Documents are fetched from hosts of Skatteetaten's gateways only. Without a service: at their own addresses only."""
    where = addresses(environment)
    hosts = [urlsplit(where.skatteetaten_older).netloc]
    if environment != Environment.SANDBOX:
        hosts.append(urlsplit(where.skatteetaten_newer).netloc.replace("{label}", "*"))
    return Documents(base_url=service.base_url(where) if service else where.skatteetaten_older, hosts=hosts)


def scopes(submission: Submission) -> tuple[str, ...]:
    """What a token for its service needs."""
    return service(submission.service).scopes


def is_in_altinn(submission: Submission, step: str) -> bool:
    """Whether this step is made with an exchanged Altinn token."""
    hand_over = HAND_OVERS.get(service(submission.service).adapter)
    return hand_over is not None and step in hand_over.in_altinn


def token(submission: Submission, *, at: datetime, fresh: bool = False, exchanged: bool = False) -> str:
    """A token of the access's system user for the service. Raises the gateways' errors, tokens.AccessMissing and NoKey."""
    access = required(submission.access, because="nothing is queued without an access")
    obtain = tokens.exchanged_token if exchanged else tokens.system_user_token
    return obtain(access=access, scopes=scopes(submission), at=at, fresh=fresh)


def with_token(
    access: Access, scopes: tuple[str, ...], call: Callable[[str], Result], *, at: datetime, exchanged: bool = False
) -> Result:
    """`call` with a token of the system user. When the token is refused: once more, with a fresh one.

    For calls that may be repeated. `exchanged`: for an Altinn token. Raises what `call` raises, the gateways' errors,
    tokens.AccessMissing and NoKey.
    """
    obtain = tokens.exchanged_token if exchanged else tokens.system_user_token
    return call_with(partial(obtain, access=access, scopes=scopes, at=at), call)


def call_with(obtain: Callable[..., Given], call: Callable[[Given], Result]) -> Result:
    """`call` with the token, or what holds it, that `obtain` gives. When it is refused: once more, with `fresh=True`."""
    given = obtain()
    try:
        return call(given)
    except Refused as error:
        if kind_of(error) != Kind.TOKEN:
            raise
    return call(obtain(fresh=True))


def _named(call: Callable[..., Result], **arguments: Any) -> Callable[[str], Result]:
    """A gateway's call as `with_token` makes it: the gateways take the token by name."""
    return lambda token: call(token=token, **arguments)


def transmissions_since(
    submission: Submission, since: datetime, *, obtain: Callable[..., str]
) -> Iterator[tuple[str, TransmissionItem]]:
    """(dialog id, transmission) on the customer's dialogs of the service that changed since; nothing is marked as seen.

    Each call takes the token that `obtain` gives at that moment, `fresh` after a refusal: there may be many dialogs.
    No database access of its own.
    """
    gateway = dialogporten(submission.environment)
    search = partial(
        gateway.search,
        order_by="updatedAt_asc",
        limit=PAGE,
        parties=[urns.organisation(submission.customer.orgnr)],
        service_resources=list(service(submission.service).resource_urns),
        updated_after=since,
    )
    has_more, position = True, ""
    while has_more:
        page = call_with(obtain, _named(search, continuation_token=position or None))
        for dialog in page.items:
            read = _named(gateway.transmissions, dialog_id=dialog.id)
            for transmission in _unless_gone(partial(call_with, obtain, read)):
                yield dialog.id, transmission
        has_more, position = page.has_next_page, page.continuation_token


def _unless_gone(read: Callable[[], list[TransmissionItem]]) -> list[TransmissionItem]:
    """A dialog that was deleted after the search has none."""
    try:
        return read()
    except Refused as error:
        if kind_of(error) != Kind.GONE:
            raise
        return []
