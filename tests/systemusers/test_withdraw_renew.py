"""Taking a question back, and asking once more on the same row and link."""

from __future__ import annotations

import pytest

from portal.core.states import IllegalTransition
from portal.gateways.errors import Unavailable
from systemusers.models import SystemUserRequest
from systemusers.services import requests
from tests.systemusers.world import BY, REQUESTS, World, fresh

S = SystemUserRequest.Status


def test_withdrawing_takes_it_away_at_altinn_too(sent: SystemUserRequest, world: World) -> None:
    requests.withdraw_request(request=sent, by=BY, at=world.at)

    assert (fresh(sent).status, world.app.state.requests) == (S.WITHDRAWN, {})


def test_withdrawing_what_altinn_no_longer_has_is_as_good(sent: SystemUserRequest, world: World) -> None:
    world.app.state.requests.clear()

    requests.withdraw_request(request=sent, by=BY, at=world.at)

    assert fresh(sent).status == S.WITHDRAWN


def test_withdrawing_a_draft_never_sent_calls_nobody(asked: SystemUserRequest, world: World) -> None:
    world.transport.requests.clear()

    requests.withdraw_request(request=asked, by=BY, at=world.at)

    assert (fresh(asked).status, world.transport.requests) == (S.WITHDRAWN, [])


def test_withdrawing_a_draft_whose_answer_was_lost_finds_it_by_its_reference(
    asked: SystemUserRequest, world: World
) -> None:
    world.fault(kind="lost", path=REQUESTS)
    world.send(asked)
    there = len(world.app.state.requests)

    requests.withdraw_request(request=fresh(asked), by=BY, at=world.at)

    assert (there, len(world.app.state.requests), fresh(asked).status) == (1, 0, S.WITHDRAWN)


@pytest.mark.parametrize(("act", "status"), [("approve", S.APPROVED), ("reject", S.REJECTED)])
def test_an_answer_that_came_first_wins(sent: SystemUserRequest, world: World, act: str, status: str) -> None:
    world.decide(sent, act)

    with pytest.raises(requests.AlreadyAnswered):
        requests.withdraw_request(request=sent, by=BY, at=world.at)

    assert fresh(sent).status == status


def test_an_approval_in_the_moment_of_deletion_is_not_lost(
    sent: SystemUserRequest, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.gateways.altinn import SystemUserRequests

    original = SystemUserRequests.delete

    def approve_first(self: SystemUserRequests, request_id: str, *, token: str) -> bool:
        world.decide(sent, "approve")
        return original(self, request_id, token=token)

    monkeypatch.setattr(SystemUserRequests, "delete", approve_first)

    with pytest.raises(requests.AlreadyAnswered):
        requests.withdraw_request(request=sent, by=BY, at=world.at)

    assert fresh(sent).status == S.APPROVED


def test_when_altinn_is_away_nothing_is_withdrawn_and_it_can_be_tried_again(
    sent: SystemUserRequest, world: World
) -> None:
    world.fault(kind="status", path=REQUESTS)

    with pytest.raises(Unavailable):
        requests.withdraw_request(request=sent, by=BY, at=world.at)
    between = fresh(sent)
    requests.withdraw_request(request=between, by=BY, at=world.at)

    assert (between.status, between.lease_until, fresh(sent).status) == (S.SENT, None, S.WITHDRAWN)


@pytest.mark.parametrize("act", ["reject", "age"])
def test_renewing_asks_anew_on_the_same_row_and_link(sent: SystemUserRequest, world: World, act: str) -> None:
    world.decide(sent, act, **({"days": 200} if act == "age" else {}))
    over = world.poll(sent)

    requests.renew_request(request=over, by=BY, at=world.at)
    renewed = world.send(over)

    assert (renewed.pk, renewed.link_token, renewed.status) == (sent.pk, sent.link_token, S.SENT)
    assert list(world.app.state.requests) == [renewed.altinn_id] != [sent.altinn_id]
    assert world.app.state.requests[renewed.altinn_id].status == "New"


def test_renewing_asks_for_what_the_profile_wants_today(sent: SystemUserRequest, world: World) -> None:
    requests.withdraw_request(request=sent, by=BY, at=world.at)
    sent.profile.packages = ["urn:altinn:accesspackage:skattegrunnlag"]
    sent.profile.save()

    requests.renew_request(request=fresh(sent), by=BY, at=world.at)

    assert world.send(sent).packages == ["urn:altinn:accesspackage:skattegrunnlag"]


def test_an_expired_one_approved_after_all_is_adopted_on_renewal(sent: SystemUserRequest, world: World) -> None:
    world.decide(sent, "age", days=200)
    expired = world.poll(sent)
    world.decide(sent, "approve")

    requests.renew_request(request=expired, by=BY, at=world.at)

    assert world.send(expired).status == S.APPROVED


def test_what_is_open_or_in_use_cannot_be_renewed(sent: SystemUserRequest, world: World) -> None:
    with pytest.raises(IllegalTransition):
        requests.renew_request(request=sent, by=BY, at=world.at)


def test_a_refused_draft_is_sent_again_when_somebody_mended_it(asked: SystemUserRequest, world: World) -> None:
    world.app.state.organisations[asked.customer.orgnr].known = False
    refused = world.send(asked)
    world.app.state.organisations[asked.customer.orgnr].known = True

    requests.send_again(request=refused, by=BY, at=world.at)

    assert requests.sweep_requests(at=world.at).to_send == [asked.pk]
    assert world.send(asked).status == S.SENT


def test_a_reopened_link_has_a_new_address(sent: SystemUserRequest, world: World) -> None:
    old = sent.link_token
    requests.revoke_link(request=sent, by=BY, at=world.at)

    requests.reopen_link(request=sent, by=BY, at=world.at)

    assert (fresh(sent).link_revoked_at, fresh(sent).link_token == old) == (None, False)
