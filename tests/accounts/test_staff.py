"""Accounts through their services: what is given is recorded old and new and told, and somebody can always give."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction

from accounts.models import Charge, Grant, Portfolio, Role, User
from accounts.services import invitations, staff
from accounts.services.staff import LastAdministrator, Rights, change_rights, rights_of, save_user
from accounts.services.visits import Visit
from portal.core.audit import AuditEvent, target_of
from portal.core.outbox.message import OutboxMessage
from portal.explain.audit import present
from tests.fixtures import AT, give, make_user

BY = "user:ida@vendor.example"
PLACES = frozenset({"SANDBOX", "TEST", "PRODUCTION"})


@pytest.mark.django_db
def test_a_change_is_recorded_old_and_new_and_told(reader: User, portfolio: Portfolio) -> None:
    roles = {"SANDBOX": Role.CASE_WORKER, "TEST": Role.READER, "PRODUCTION": Role.READER}
    wanted = Rights(roles, frozenset({"TEST"}), frozenset({Charge.OPERATION}), frozenset({portfolio.pk}))

    change_rights(user=reader, rights=wanted, by=BY, at=AT)

    event = AuditEvent.objects.get()
    assert (event.by, event.what, event.target) == (BY, "edited", target_of(reader))
    assert event.detail["changes"] == {
        "role SANDBOX": ["READER", "CASE_WORKER"],
        "sees_all_customers": [sorted(PLACES), ["TEST"]],
        "charges": [[], ["OPERATION"]],
        "portfolios": [[], ["Vest"]],
    }
    assert OutboxMessage.objects.get().kind == "MAIL"
    assert rights_of(reader) == wanted
    grant = Grant.objects.get(user=reader, environment="SANDBOX")
    assert (grant.given_by, grant.given_at) == (BY, AT)
    shown = present(event).sentence
    assert "olle i Sandkasse: Lesetilgang → Saksbehandler" in shown
    assert "Drift" in shown


@pytest.mark.django_db
def test_nothing_is_recorded_or_told_when_nothing_differs(reader: User) -> None:
    assert change_rights(user=reader, rights=rights_of(reader), by=BY, at=AT) == {}

    assert not AuditEvent.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.django_db
class TestTheLast:
    @pytest.fixture
    def last(self, administrator: User) -> User:
        return administrator

    def test_cannot_give_it_away(self, last: User) -> None:
        with pytest.raises(LastAdministrator):
            change_rights(user=last, rights=replace(rights_of(last), charges=frozenset()), by=BY, at=AT)

        assert User.objects.get(pk=last.pk).keeps_people
        assert not AuditEvent.objects.exists()

    def test_cannot_be_closed(self, last: User) -> None:
        last.is_active = False
        with pytest.raises(LastAdministrator):
            save_user(user=last, by=BY, at=AT)

        assert User.objects.get(pk=last.pk).is_active

    def test_is_still_the_last_beside_somebody_who_cannot_log_in(self, last: User) -> None:
        rights = Rights(charges=frozenset({Charge.PEOPLE}))
        invitations.invite(email="n@vendor.example", name="N", language="nb", rights=rights, by=BY, at=AT)
        with pytest.raises(LastAdministrator):
            change_rights(user=last, rights=Rights(), by=BY, at=AT)

    def test_is_not_the_last_beside_a_colleague(self, last: User, reader: User) -> None:
        give(reader, Rights(charges=frozenset({Charge.PEOPLE})))

        change_rights(user=last, rights=Rights(), by=BY, at=AT)

        assert not User.objects.get(pk=last.pk).keeps_people


@pytest.mark.django_db(transaction=True)
def test_two_who_take_it_from_each_other_at_once_do_not_both_succeed() -> None:
    people = [make_user(Role.ADMINISTRATOR, f"{name}@vendor.example") for name in "ab"]
    refused: list[User] = []
    barrier = threading.Barrier(2)

    def demote(user: User) -> None:
        try:
            with transaction.atomic():
                barrier.wait(30)
                change_rights(user=user, rights=Rights(), by=BY, at=AT)
        except LastAdministrator:
            refused.append(user)
        finally:
            connection.close()

    threads = [threading.Thread(target=demote, args=[user]) for user in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(refused) == 1
    assert [user.keeps_people for user in User.objects.order_by("pk")].count(True) == 1


@pytest.mark.django_db
class TestInvitations:
    VISIT = Visit(ip="127.0.0.1", agent="Firefox", at=AT)

    @pytest.fixture
    def invited(self, portfolio: Portfolio) -> User:
        rights = Rights({"TEST": Role.CASE_WORKER}, portfolios=frozenset({portfolio.pk}))
        return invitations.invite(email="Per@Vendor.example", name="Per", language="nb", rights=rights, by=BY, at=AT)

    @staticmethod
    def token(user: User) -> str:
        return invitations.link_of(User.objects.get(pk=user.pk)).rstrip("/").rpartition("/")[2]

    def test_a_new_person_gets_what_was_given_and_chooses_a_password(self, invited: User) -> None:
        assert (invited.email, invited.has_usable_password()) == ("per@vendor.example", False)
        [mail] = OutboxMessage.objects.all()
        assert mail.give_up_at == AT + invitations.VALID

        user = invitations.find_invited(self.token(invited), at=AT + timedelta(days=6))
        invitations.accept(user=user, name="Per Holm", password="a long enough password", visit=self.VISIT)

        stored = User.objects.get(pk=invited.pk)
        assert (stored.name, stored.invited_at, stored.check_password("a long enough password")) == (
            "Per Holm",
            None,
            True,
        )
        assert (stored.environments, [name for _, name in stored.named_portfolios]) == (["TEST"], ["Vest"])
        assert [event.what for event in AuditEvent.objects.order_by("pk")] == ["added", "edited", "password-reset"]

    @pytest.mark.parametrize("how", ["used", "old", "withdrawn", "sent again", "made up"])
    def test_a_link_that_is_no_longer_good(self, invited: User, how: str) -> None:
        token, at = self.token(invited), AT
        if how == "used":
            user = invitations.find_invited(token, at=AT)
            invitations.accept(user=user, name="P", password="a long enough password", visit=self.VISIT)
        elif how == "old":
            at = AT + invitations.VALID
        elif how == "withdrawn":
            invitations.withdraw(user=invited, by=BY, at=AT)
        elif how == "sent again":
            invitations.invite_again(user=invited, by=BY, at=AT + timedelta(minutes=1))
        else:
            token = f"{token[:-3]}abc"

        with pytest.raises(invitations.NotInvited):
            invitations.find_invited(token, at=at)

    def test_the_newest_link_is_good_also_after_a_withdrawal(self, invited: User) -> None:
        invitations.withdraw(user=invited, by=BY, at=AT)
        invitations.invite_again(user=invited, by=BY, at=AT + timedelta(days=30))

        assert invitations.find_invited(self.token(invited), at=AT + timedelta(days=31)) == invited
        assert OutboxMessage.objects.count() == 2

    def test_an_account_that_is_in_use_is_not_invited(self, invited: User, reader: User) -> None:
        for act in (invitations.invite_again, invitations.withdraw):
            with pytest.raises(invitations.NotInvited):
                act(user=reader, by=BY, at=AT)
        with pytest.raises(invitations.AddressTaken):
            invitations.invite(email=reader.email.upper(), name="X", language="nb", rights=Rights(), by=BY, at=AT)

        assert User.objects.get(pk=reader.pk).is_active

    def test_two_who_use_the_link_at_once(self, invited: User) -> None:
        first, second = (invitations.find_invited(self.token(invited), at=AT) for _ in range(2))
        invitations.accept(user=first, name="P", password="a long enough password", visit=self.VISIT)

        with pytest.raises(invitations.NotInvited):
            invitations.accept(user=second, name="Q", password="another long password", visit=self.VISIT)


@pytest.mark.django_db
def test_the_owner_of_the_old_address_is_told_of_a_new_one(reader: User) -> None:
    old, reader.email = reader.email, "new@vendor.example"

    staff.save_user(user=reader, by=BY, at=AT)

    assert AuditEvent.objects.get().detail["changes"]["email"] == [old, "new@vendor.example"]
    assert OutboxMessage.objects.count() == 1
