"""What a confirmed import makes and changes, its traces, and taking it back as long as nobody has used it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer, CustomerImport, CustomerImportRow, Portfolio, Role, Tag, User, Vendor
from accounts.services.customer_groups import add_tag
from accounts.services.customer_notes import add_note
from accounts.services.imports import ordering, undoing
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.states import LostRace
from portal.sandbox import Sandbox
from tests.accounts.imports.rig import (
    FIRST,
    REAL,
    SECOND,
    THIRD,
    confirmed,
    imported,
    judged,
    states,
    undone,
    verdicts,
    work_to_the_end,
)  # fmt: skip
from tests.accounts.world import organisation
from tests.core.purging import purged
from tests.fixtures import AT
from tests.submissions.world import World

V, R = CustomerImportRow.Verdict, CustomerImportRow.State
S = CustomerImport.Status
HEADINGS = "Orgnr;Navn;E-post;Kundenr;Portefølje;Språk"


@pytest.fixture(autouse=True)
def environments(settings: Any, vendor: Vendor) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "TEST", "PRODUCTION")


def test_a_confirmed_import_makes_customers_with_a_trace_of_each(administrator: User, portfolio: Portfolio) -> None:
    row = imported(
        administrator,
        f"{HEADINGS}\n{FIRST};Ærlig Fjell AS;kari@fjell.example;K1;Vest;nn\n310200019;;;;;\n{SECOND};;;;;",
    )

    made = Customer.objects.order_by("orgnr")
    assert list(
        made.values_list("environment", "orgnr", "name", "contact_email", "reference", "portfolio__name", "language")
    ) == [
        ("TEST", FIRST, "Ærlig Fjell AS", "kari@fjell.example", "K1", "Vest", "nn"),
        ("TEST", SECOND, SECOND, "", "", None, "nb"),
    ]
    assert (row.status, states(row)) == (S.DONE, [R.MADE, "", R.MADE])
    traces = AuditEvent.objects.filter(what="added", environment="TEST", by=administrator.actor)
    assert set(traces.values_list("customer_id_ref", flat=True)) == set(made.values_list("pk", flat=True))
    assert "kari@fjell" not in str(list(traces.values()))


def test_the_register_names_a_customer_and_its_language(administrator: User, sandbox: Sandbox) -> None:
    organisation(sandbox, registry={"maalform": "Nynorsk"})

    imported(administrator, "Orgnr;Navn\n310987654;Noe annet", environment=Environment.SANDBOX)

    made = Customer.objects.get()
    assert (made.name, made.language, made.business_register["orgnr"]) == ("NORDLYS EIENDOM AS", "nn", "310987654")
    assert made.business_register_at is not None


def test_a_known_customer_gets_its_values_with_a_masked_trace(administrator: User) -> None:
    customer = Customer.objects.create(
        environment="TEST", orgnr=FIRST, name="Fjell AS", contact_email="ola@fjell.example"
    )

    row = imported(administrator, f"Orgnr;Navn;E-post;Godkjenner\n{FIRST};Annet;kari@fjell.example;Kari Ås")

    customer.refresh_from_db()
    assert (customer.name, customer.contact_email, customer.test_approver) == (
        "Fjell AS",
        "kari@fjell.example",
        "Kari Ås",
    )
    event = AuditEvent.objects.get(what="edited")
    assert (event.by, event.customer_id_ref) == (administrator.actor, customer.pk)
    assert "kari@" not in str(event.detail)
    assert "Kari Ås" not in str(event.detail)
    assert states(row) == [R.WRITTEN]
    assert verdicts(judged(administrator, f"Orgnr;E-post\n{FIRST};kari@fjell.example")) == [V.KNOWN]


def test_what_changed_after_the_preview_is_left_alone(administrator: User) -> None:
    Customer.objects.create(environment="TEST", orgnr=FIRST, name="Fjell AS", reference="K1")
    row = judged(administrator, f"Orgnr;Kundenr\n{FIRST};K2\n{SECOND};K3")
    Customer.objects.filter(orgnr=FIRST).update(reference="K9")
    Customer.objects.create(environment="TEST", orgnr=SECOND, name="Fjord AS")

    confirmed(row, administrator)

    assert verdicts(row) == [V.MEANWHILE, V.MEANWHILE]
    assert list(Customer.objects.order_by("orgnr").values_list("reference", flat=True)) == ["K9", ""]


def test_remarked_rows_are_taken_in_only_when_a_person_says_so(administrator: User, sandbox: Sandbox) -> None:
    organisation(sandbox, registry={"konkurs": True})
    row = judged(administrator, "310987654", environment=Environment.SANDBOX)
    with pytest.raises(ordering.HasChanged):
        ordering.confirm(row=row, user=administrator, shown=ordering.token_of(row), at=AT)

    ordering.take_extra(row=row, verdicts=["BANKRUPT", "INVALID"], at=AT)
    row.refresh_from_db()
    confirmed(row, administrator)

    assert row.extra == ["BANKRUPT"]
    assert Customer.objects.get().business_register["is_bankrupt"]


def test_nothing_is_stored_that_the_person_did_not_see(administrator: User) -> None:
    row = judged(administrator, f"{FIRST}\n{SECOND}")
    shown = ordering.token_of(row)
    ordering.set_columns(row=row, fields=["orgnr"], by=administrator.actor, at=AT + timedelta(seconds=1))
    work_to_the_end(at=AT + timedelta(seconds=1))
    row.refresh_from_db()

    with pytest.raises(ordering.HasChanged):
        ordering.confirm(row=row, user=administrator, shown=shown, at=AT)


def close(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def make_reader(user: User) -> None:
    user.grants.update(role=Role.READER)


@pytest.mark.parametrize("lose", [close, make_reader])
def test_a_person_who_lost_the_right_stores_nothing(
    case_worker: User, portfolio: Portfolio, lose: Callable[[User], None]
) -> None:
    row = judged(case_worker, FIRST, portfolio=portfolio)
    ordering.confirm(row=row, user=case_worker, shown=ordering.token_of(row), at=AT)
    lose(case_worker)

    work_to_the_end()

    assert verdicts(row) == [V.NOT_YOURS]
    assert not Customer.objects.exists()


def test_a_portfolio_that_was_taken_away_gets_no_customers(case_worker: User, portfolio: Portfolio) -> None:
    row = judged(case_worker, FIRST, portfolio=portfolio)
    ordering.confirm(row=row, user=case_worker, shown=ordering.token_of(row), at=AT)
    case_worker.portfolios.clear()

    work_to_the_end()

    assert verdicts(row) == [V.NOT_YOURS]


def test_an_import_is_confirmed_once(administrator: User) -> None:
    row = judged(administrator, FIRST)
    other = CustomerImport.objects.get(pk=row.pk)
    ordering.confirm(row=row, user=administrator, shown=ordering.token_of(row), at=AT)

    with pytest.raises(LostRace):
        ordering.confirm(row=other, user=administrator, shown=ordering.token_of(other), at=AT)


# undo


def test_an_import_that_nobody_has_used_is_taken_back(administrator: User) -> None:
    Customer.objects.create(environment="TEST", orgnr=THIRD, name="Li AS", reference="K1")
    row = imported(administrator, f"Orgnr;Kundenr\n{FIRST};K7\n{SECOND};K8\n{THIRD};K2")
    made = set(Customer.objects.exclude(orgnr=THIRD).values_list("pk", flat=True))

    undone(row, administrator)

    assert (row.status, states(row)) == (S.UNDONE, [R.UNDONE] * 3)
    assert list(Customer.objects.values_list("orgnr", "reference")) == [(THIRD, "K1")]
    deleted = AuditEvent.objects.filter(what="deleted", by=administrator.actor, target__startswith="accounts.Customer:")
    assert set(deleted.values_list("customer_id_ref", flat=True)) == made


@pytest.mark.parametrize(
    "change", [{"note": "Ringte"}, {"tag": "Vår"}, {"name": "Nytt navn"}, {"contact_email": "a@b.example"}]
)
def test_a_customer_that_somebody_has_edited_is_kept(administrator: User, change: dict[str, str]) -> None:
    row = imported(administrator, f"{FIRST}\n{SECOND}")
    first = Customer.objects.filter(orgnr=FIRST)
    if "note" in change:
        add_note(customer=first.get(), text=change["note"], by="user:x", at=AT)
    elif "tag" in change:
        add_tag(customers=first, name=change["tag"], by="user:x", at=AT)
    else:
        first.update(**change)
    assert undoing.used_of(row) == 1

    undone(row, administrator)

    assert states(row) == [R.KEPT, R.UNDONE]
    assert Customer.objects.get().orgnr == FIRST


def test_a_value_that_somebody_has_changed_is_kept(administrator: User) -> None:
    Customer.objects.create(environment="TEST", orgnr=FIRST, name="Li AS", reference="K1")
    row = imported(administrator, f"Orgnr;Kundenr\n{FIRST};K2")
    Customer.objects.update(reference="K3")

    undone(row, administrator)

    assert (states(row), Customer.objects.get().reference) == ([R.KEPT], "K3")


def test_a_customer_with_an_access_is_kept(administrator: User, settings: Any) -> None:
    row = imported(administrator, f"{FIRST}\n{SECOND}", environment=Environment.SANDBOX, looks_up=False)
    World(Customer.objects.get(orgnr=FIRST), settings.SANDBOX_URL)

    undone(row, administrator)

    assert states(row) == [R.KEPT, R.UNDONE]


def test_an_import_is_undone_once_and_only_when_it_is_done(administrator: User) -> None:
    row = judged(administrator, FIRST)
    with pytest.raises(ordering.HasChanged):
        ordering.undo(row=row, user=administrator, at=AT)


# the end of an import


def test_an_old_import_is_deleted_and_its_customers_stay(administrator: User) -> None:
    row = imported(administrator, FIRST)

    assert purged("imports", at=AT + timedelta(days=29)) == 0
    assert purged("imports", at=AT + timedelta(days=31)) == 1
    assert not CustomerImport.objects.exists()
    assert Customer.objects.count() == 1
    assert AuditEvent.objects.filter(what="deleted", target=f"accounts.CustomerImport:{row.pk}").count() == 1


def test_an_import_that_is_being_stored_is_not_discarded(administrator: User) -> None:
    row = judged(administrator, FIRST)
    ordering.confirm(row=row, user=administrator, shown=ordering.token_of(row), at=AT)

    with pytest.raises(LostRace):
        ordering.discard(row=row, by=administrator.actor, at=AT)


def test_the_file_and_its_name_are_stored_encrypted(administrator: User) -> None:
    from django.db import connection

    row = judged(administrator, f"{FIRST};Fjell AS")
    with connection.cursor() as cursor:
        cursor.execute("SELECT content, filename FROM accounts_customerimport")
        stored = b"".join(map(bytes, cursor.fetchone()))

    assert bytes(row.content) == f"{FIRST};Fjell AS".encode()
    assert b"Fjell" not in stored
    assert b"kunder" not in stored


def test_who_sees_an_import(administrator: User, case_worker: User, reader: User, portfolio: Portfolio) -> None:
    judged(case_worker, FIRST, portfolio=portfolio)

    seen = [CustomerImport.objects.visible_to(user).count() for user in (administrator, case_worker, reader)]

    assert seen == [1, 1, 0]


def test_the_database_refuses_an_approver_in_production(db: None) -> None:
    from django.db import IntegrityError

    with pytest.raises(IntegrityError):
        Customer.objects.create(environment="PRODUCTION", orgnr=REAL, name="x", test_approver="Kari Ås")


def test_a_file_gives_tags_and_the_person_who_follows_up_and_an_undo_takes_them_back(
    administrator: User, case_worker: User
) -> None:
    known = Customer.objects.create(environment="TEST", orgnr=SECOND, name="Kjent")
    add_tag(customers=Customer.objects.filter(pk=known.pk), name="Gammel", by="user:x", at=AT)
    head, person = "Orgnr;Ansvarlig;Merkelapper", case_worker.email

    row = imported(
        administrator, f'{head}\n{FIRST};{person.upper()};"Ny, Viktig"\n{SECOND};;Ny\n{THIRD};ingen@her.no;Ny'
    )
    made = Customer.objects.get(orgnr=FIRST)
    tags = {each.orgnr: sorted(tag.name for tag in each.tags.all()) for each in Customer.objects.all()}
    known.refresh_from_db()
    undone(row, administrator)

    assert verdicts(row) == [V.NEW, V.CHANGED, V.VALUE]
    assert (made.assignee, known.assignee) == (case_worker, None)
    assert tags == {FIRST: ["Ny", "Viktig"], SECOND: ["Gammel", "Ny"]}
    assert [each.orgnr for each in Customer.objects.all()] == [SECOND]
    assert [tag.name for tag in Tag.objects.all()] == ["Gammel"]


def test_an_import_with_another_tag_since_is_not_taken_back(administrator: User) -> None:
    row = imported(administrator, f"Orgnr;Merkelapper\n{FIRST};Ny")
    add_tag(customers=Customer.objects.filter(orgnr=FIRST), name="Senere", by="user:x", at=AT)

    assert undoing.used_of(row) == 1
