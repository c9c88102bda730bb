"""Taking a question back, and asking once more on the same row and link."""

from __future__ import annotations

import pytest

from portal.core.states import IllegalTransition
from portal.gateways.errors import Unavailable
from systemusers.models import Access
from systemusers.services import access
from tests.systemusers.world import BY, REQUESTS, World, fresh

S = Access.Status


def test_withdrawing_takes_it_away_at_altinn_too(sent: Access, world: World) -> None:
    access.withdraw_access(access=sent, by=BY, at=world.at)

    assert (fresh(sent).status, world.app.state.requests) == (S.WITHDRAWN, {})


def test_withdrawing_what_altinn_no_longer_has_is_as_good(sent: Access, world: World) -> None:
    world.app.state.requests.clear()

    access.withdraw_access(access=sent, by=BY, at=world.at)

    assert fresh(sent).status == S.WITHDRAWN


def test_withdrawing_a_draft_never_sent_calls_nobody(asked: Access, world: World) -> None:
    world.transport.requests.clear()

    access.withdraw_access(access=asked, by=BY, at=world.at)

    assert (fresh(asked).status, world.transport.requests) == (S.WITHDRAWN, [])


def test_withdrawing_a_draft_whose_answer_was_lost_finds_it_by_its_reference(asked: Access, world: World) -> None:
    world.fault(kind="lost", path=REQUESTS)
    world.send(asked)
    there = len(world.app.state.requests)

    access.withdraw_access(access=fresh(asked), by=BY, at=world.at)

    assert (there, len(world.app.state.requests), fresh(asked).status) == (1, 0, S.WITHDRAWN)


@pytest.mark.parametrize(("act", "status"), [("approve", S.APPROVED), ("reject", S.REJECTED)])
def test_an_answer_that_came_first_wins(sent: Access, world: World, act: str, status: str) -> None:
    world.decide(sent, act)

    with pytest.raises(access.AlreadyAnswered):
        access.withdraw_access(access=sent, by=BY, at=world.at)

    assert fresh(sent).status == status


def test_an_approval_in_the_moment_of_deletion_is_not_lost(
    sent: Access, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.gateways.altinn import SystemUserRequests

    original = SystemUserRequests.delete

    def approve_first(self: SystemUserRequests, request_id: str, *, token: str) -> bool:
        world.decide(sent, "approve")
        return original(self, request_id, token=token)

    monkeypatch.setattr(SystemUserRequests, "delete", approve_first)

    with pytest.raises(access.AlreadyAnswered):
        access.withdraw_access(access=sent, by=BY, at=world.at)

    assert fresh(sent).status == S.APPROVED
    assert fresh(sent).rights == sent.rights
    assert not fresh(sent).has_unknown_rights


def test_when_altinn_is_away_nothing_is_withdrawn_and_it_can_be_tried_again(sent: Access, world: World) -> None:
    world.fault(kind="status", path=REQUESTS)

    with pytest.raises(Unavailable):
        access.withdraw_access(access=sent, by=BY, at=world.at)
    between = fresh(sent)
    access.withdraw_access(access=between, by=BY, at=world.at)

    assert (between.status, between.lease_until, fresh(sent).status) == (S.SENT, None, S.WITHDRAWN)


@pytest.mark.parametrize("act", ["reject", "age"])
def test_renewing_asks_anew_on_the_same_row_and_link(sent: Access, world: World, act: str) -> None:
    world.decide(sent, act, **({"days": 200} if act == "age" else {}))
    over = world.poll(sent)

    access.renew_access(access=over, by=BY, at=world.at)
    renewed = world.send(over)

    assert (renewed.pk, renewed.link_token, renewed.status) == (sent.pk, sent.link_token, S.SENT)
    assert list(world.app.state.requests) == [renewed.altinn_id] != [sent.altinn_id]
    assert world.app.state.requests[renewed.altinn_id].status == "New"


def test_renewing_asks_for_what_the_profile_wants_today(sent: Access, world: World) -> None:
    access.withdraw_access(access=sent, by=BY, at=world.at)
    sent.profile.packages = ["urn:altinn:accesspackage:skattegrunnlag"]
    sent.profile.save()

    access.renew_access(access=fresh(sent), by=BY, at=world.at)

    assert world.send(sent).packages == ["urn:altinn:accesspackage:skattegrunnlag"]


def test_an_expired_one_approved_after_all_is_adopted_on_renewal(sent: Access, world: World) -> None:
    world.decide(sent, "age", days=200)
    expired = world.poll(sent)
    world.decide(sent, "approve")

    access.renew_access(access=expired, by=BY, at=world.at)

    assert world.send(expired).status == S.APPROVED


def test_what_is_open_or_in_use_cannot_be_renewed(sent: Access, world: World) -> None:
    with pytest.raises(IllegalTransition):
        access.renew_access(access=sent, by=BY, at=world.at)


def test_a_refused_draft_is_sent_again_when_somebody_mended_it(asked: Access, world: World) -> None:
    world.app.state.organisations[asked.customer.orgnr].known = False
    refused = world.send(asked)
    world.app.state.organisations[asked.customer.orgnr].known = True

    access.send_again(access=refused, by=BY, at=world.at)

    assert (refused.next_attempt_at, world.is_due(asked)) == (None, True)
    assert world.send(asked).status == S.SENT


def test_a_reopened_link_has_a_new_address(sent: Access, world: World) -> None:
    old = sent.link_token
    access.revoke_link(access=sent, by=BY, at=world.at)

    access.reopen_link(access=sent, by=BY, at=world.at)

    assert (fresh(sent).link_revoked_at, fresh(sent).link_token == old) == (None, False)
