"""Calls with an Idempotency-Key: carried out once, however often they are sent, also when a process ends in the middle.

The intent is stored first. `@keyed` carries the call out in one transaction together with its answer, so that both exist or neither.
`@keyed(in_one=False)` is for calls that ask outside or store files: what they make is noted in the transaction that makes it
(`note_made`), and what they do otherwise may be done twice. Only what was done is kept as the answer: a refusal did nothing, and
what stood in the way may be gone when the call comes again. After a refusal the key is free for a corrected body too; after a
process that ended in the middle it is not, for the act may be done. The answer is given again to whoever still sees what it is about.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from ninja import Status

from accounts.models import Customer, KeyedCall
from portal.api.problems import TABLE, Problem, answer
from portal.api.security import ON_BEHALF_OF, Call
from portal.core.sealed_files import CHUNK

View = Callable[..., Any]
HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
BUSY = timedelta(minutes=2)
"""So long a call is taken to be in work; a process that ended in the middle is not waited for longer."""
UNSEEN = ("NOT_FOUND", "CUSTOMER_OF_OTHERS")
"""The codes of verdicts on customers that the caller did not see at the time either."""
FREE = ""
"""The fingerprint of a key under which nothing was done."""


def keyed(view: View | None = None, *, in_one: bool = True) -> Any:
    """Below the router's `post`. The view returns a `Status`, and raises Problem."""
    if view is None:
        return lambda decorated: keyed(decorated, in_one=in_one)

    @wraps(view)
    def once(request: Call, *args: Any, **given: Any) -> HttpResponse:
        call = _begin(request, at=timezone.now())
        if call.status is not None:
            return _again(request, call, given)
        request.keyed_call = call  # type: ignore[attr-defined] # for note_made
        try:
            with transaction.atomic() if in_one else nullcontext():
                if in_one:
                    _check_ours(call)
                result: Status[Any] = view(request, *args, **given)
                body = result.value.model_dump(mode="json")
                _keep(call, result.status_code, body)
            return answer(result.status_code, body)
        except Exception as error:
            _let_go(call, did_nothing=in_one or isinstance(error, Problem))
            raise

    once.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined] # Ninja reads the parameters
    return once


def note_made(request: Call, pk: int) -> None:
    """In the transaction that makes the row: a repeated call finds it as `made_before`. Raises Problem, which undoes it, when another
    has taken the call up, as we were slow.
    """
    call: KeyedCall = request.keyed_call  # type: ignore[attr-defined]
    if not KeyedCall.objects.filter(pk=call.pk, status=None, busy_until=call.busy_until).update(made=pk):
        raise Problem("KEY_BUSY", headers={"Retry-After": "5"})


def made_before(request: Call) -> int | None:
    """The row that this call made before it was interrupted."""
    made: int | None = request.keyed_call.made  # type: ignore[attr-defined]
    return made


def _begin(request: Call, *, at: datetime) -> KeyedCall:
    """The row of the call, ours to carry out or answered already. Raises Problem."""
    asked = fingerprint(request)
    call, is_new = KeyedCall.objects.get_or_create(
        integration=request.auth.integration, key=request.headers[HEADER],
        defaults={"fingerprint": asked, "begun_at": at, "busy_until": at + BUSY},
    )  # fmt: skip
    if call.fingerprint not in (asked, FREE):
        raise Problem("KEY_USED")
    if is_new or call.status is not None:
        return call
    fits = KeyedCall.objects.filter(pk=call.pk, status=None, busy_until__lte=at, fingerprint__in=[asked, FREE])
    if not fits.update(fingerprint=asked, begun_at=at, busy_until=at + BUSY):
        raise Problem("KEY_BUSY", headers={"Retry-After": "5"})
    call.fingerprint, call.busy_until = asked, at + BUSY
    return call


def _check_ours(call: KeyedCall) -> None:
    """Until the end of the transaction nobody else takes the call up. Raises Problem when somebody has, as we were slow."""
    mine = KeyedCall.objects.select_for_update().filter(pk=call.pk, status=None, busy_until=call.busy_until)
    if not mine.exists():
        raise Problem("KEY_BUSY", headers={"Retry-After": "5"})


def fingerprint(request: Call) -> str:
    """Of what is asked, for whom: the order of members and the boundary between files do not count. 64 hex digits.

    Keyed with SECRET_KEY: a body may be a list of people, whose numbers could be guessed from a plain hash.
    """
    parts: list[Any] = [request.method, request.get_full_path(), request.headers.get(ON_BEHALF_OF, "").lower()]
    if request.FILES or (request.content_type or "").startswith("multipart/"):
        parts += [[name, values] for name, values in sorted(request.POST.lists())]
        parts += [[name, [_file(each) for each in files]] for name, files in sorted(request.FILES.lists())]
    else:
        parts.append(_plain(request.body))
    text = json.dumps(parts, sort_keys=True)
    return salted_hmac("portal.api.keyed", text, algorithm="sha256").hexdigest()


def _file(upload: UploadedFile) -> list[Any]:
    digest = hashlib.sha256()
    for part in upload.chunks(CHUNK):
        digest.update(part)
    upload.seek(0)
    return [upload.name, digest.hexdigest()]


def _plain(body: bytes) -> Any:
    try:
        return json.loads(body or b"null")
    except (ValueError, RecursionError):
        return hashlib.sha256(body).hexdigest()


def _keep(call: KeyedCall, status: int, body: dict[str, Any]) -> None:
    """Not when we were so slow that the key was freed, and is another call's."""
    KeyedCall.objects.filter(pk=call.pk, fingerprint=call.fingerprint).update(status=status, answer=body)


def _let_go(call: KeyedCall, *, did_nothing: bool) -> None:
    """The next one may carry it out at once; with any body when nothing was done."""
    mine = KeyedCall.objects.filter(pk=call.pk, status=None, busy_until=call.busy_until)
    if did_nothing:
        mine.filter(made=None).update(fingerprint=FREE)
    mine.update(busy_until=timezone.now())


def _again(request: Call, call: KeyedCall, given: Mapping[str, Any]) -> HttpResponse:
    """As far as the caller sees it now. Raises Problem, as the call would, when it sees the customer no longer."""
    kept = call.answer or {}
    asked = given.get("body") or given.get("about")
    about = str(kept.get("orgnr") or getattr(asked, "orgnr", ""))
    rows = kept.get("rows", [])
    hidden = _hidden(request, {about, *(row["orgnr"] for row in rows)})
    if about in hidden:
        raise Problem("NOT_FOUND")
    response = answer(call.status or 500, _without(kept, hidden) if hidden else kept)
    response[REPLAYED] = "true"
    return response


def _hidden(request: Call, orgnrs: set[str]) -> set[str]:
    """Those of customers that there are, and that the caller does not see."""
    caller = request.auth
    rows = Customer.objects.filter(environment=caller.environment, orgnr__in=orgnrs)
    seen = rows.visible_to(caller).values_list("orgnr", flat=True)
    return {*rows.values_list("orgnr", flat=True)} - {*seen}


def _without(kept: dict[str, Any], hidden: set[str]) -> dict[str, Any]:
    """The verdicts on many, with those on hidden customers as the call would give them."""
    told = {**kept, "rows": []}
    for row in kept["rows"]:
        is_told = row["orgnr"] not in hidden or row["code"] in UNSEEN
        told["rows"].append(row if is_told else _refused(row))
        if not is_told:
            told[row["outcome"]] -= 1
            told["refused"] += 1
    return told


def _refused(row: dict[str, Any]) -> dict[str, Any]:
    now = {**row, "outcome": "refused", "code": "NOT_FOUND", "text": str(TABLE["NOT_FOUND"][1])}
    return {**now, "reference": None} if "reference" in row else now
