"""Concurrent callers: a single effect happens once, and no caller sees inconsistent data."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from .altinn_rig import CHANGE, FEES, RETURN, Rig, public_jwk, ready, refusal, rig, rights
from .dialog_rig import DIALOGS, PARTY, DialogRig, dialogs
from .tax_rig import Rig as TaxRig
from .tax_rig import main_form

__all__ = ["dialogs", "ready", "rig"]
MANAGER = "Kari Nordmann"


def at_once(*calls: Callable[[], httpx.Response], times: int = 1) -> Counter[int]:
    """How often each status was answered."""
    with ThreadPoolExecutor(8) as pool:
        return Counter(reply.status_code for reply in pool.map(lambda call: call(), calls * times))


def test_of_many_approvals_at_once_one_makes_the_system_user(ready: Rig) -> None:
    ident = ready.requested(redirectUrl=RETURN)

    by_page = at_once(lambda: ready.decide(ident, "approve", MANAGER), times=8)
    by_control = at_once(lambda: ready.http.post(f"/control/requests/{ident}/approve", json={}), times=8)

    assert (by_page, by_control) == ({302: 1, 409: 7}, {409: 8})
    assert list(ready.app.state.system_users) == [ident]


def test_of_an_approval_and_a_rejection_at_once_one_counts(ready: Rig) -> None:
    ident = ready.requested(redirectUrl=RETURN)
    acts = [lambda act=act: ready.decide(ident, act, MANAGER) for act in ("approve", "reject")]

    answers = at_once(*acts, times=4)

    assert answers == {302: 1, 409: 7}
    assert (ready.status(ident) == "Accepted") == (ident in ready.app.state.system_users)


def test_of_many_equal_requests_at_once_one_is_stored(ready: Rig) -> None:
    assert at_once(ready.request, times=8) == {201: 1, 200: 7}
    assert len(ready.app.state.requests) == 1


def test_of_many_equal_change_requests_at_once_one_is_stored(ready: Rig) -> None:
    query = {"correlation-id": str(uuid.uuid4()), "system-user-id": ready.approved()}
    ask = lambda: ready.call("POST", CHANGE, {"requiredRights": rights(FEES)}, params=query)  # noqa: E731

    assert at_once(ask, times=8) == {201: 1, 200: 7}


def test_one_jti_in_many_grants_at_once_is_taken_once(rig: Rig) -> None:
    assertions = [rig.assertion(jti="j", exp=int(rig.app.clock.now().timestamp()) + n) for n in range(10, 18)]
    asks: list[Any] = [lambda a=assertion: rig.ask(a) for assertion in assertions]

    assert at_once(*asks) == {200: 1, 400: 7}
    assert refusal(rig.grant(jti="j"))[2] == "012"


def test_one_key_handed_over_many_times_at_once_is_there_once(rig: Rig) -> None:
    hand = lambda: rig.http.post("/control/clients/client-v/keys", json={"jwk": public_jwk("key-w")})  # noqa: E731

    assert at_once(hand, times=8) == {201: 1, 200: 7}
    assert [key["kid"] for key in rig.app.state.clients["client-v"].keys] == ["key-v", "key-w"]


@pytest.mark.parametrize("form", ["json", "xml"])
def test_one_idempotency_key_at_once_is_one_delivery_and_one_answer(form: str) -> None:
    tax, key = TaxRig(), str(uuid.uuid4())
    tax.app.state.settings.concurrent_calls = 100
    send = {"json": tax.report_fees, "xml": lambda **more: tax.main_form(main_form(), **more)}[form]

    with ThreadPoolExecutor(8) as pool:
        answers = {reply.text for reply in pool.map(lambda _: send(idempotencyKey=key), range(8))}

    assert len(answers) == 1
    assert len(tax.app.state.skatteetaten.submissions) + len(tax.app.state.skatteetaten.main_forms) == 1


def test_of_many_confirmations_at_once_one_is_handed_over() -> None:
    tax = TaxRig()
    tax.app.state.settings.concurrent_calls = 100
    main_id = tax.main_form().json()["hovedskjemaId"]
    tax.sub_form(main_id)

    answers = at_once(lambda: tax.confirm(main_id), times=8)

    assert answers == {200: 1, 400: 7}
    assert len(tax.app.state.skatteetaten.submissions) == 1


def test_resets_and_snapshots_between_other_calls_break_none_of_them(dialogs: DialogRig) -> None:
    saved, headers = dialogs.http.get("/control/snapshot").content, dialogs.as_user()
    calls = [
        lambda: dialogs.http.put("/control/snapshot", content=saved),
        lambda: dialogs.http.post("/control/reset", json={}),
        lambda: dialogs.http.get(DIALOGS, params={"party": PARTY}, headers=headers),
        lambda: dialogs.http.get("/control"),
        lambda: dialogs.http.get("/skatteetaten/unknown"),
    ]

    answers = at_once(*calls, times=20)  # the client of the rig fails on the mark of a bug

    assert set(answers) <= {200, 204, 401, 404}
