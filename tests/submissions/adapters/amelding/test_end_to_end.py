"""From a file to the verdict through the engine: accepted, with warnings, rejected, and replaced; and what the pages show of it."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.states import IllegalTransition
from submissions.adapters.amelding.samples import example
from submissions.adapters.base import NamedFile
from submissions.models import Submission
from submissions.services import catalogue, corrections
from submissions.services.drafting import drafts
from submissions.services.drafting.preflight import preflight
from submissions.services.pages.timeline import timeline
from submissions.services.sending.queue import NotReady, queue
from submissions.services.versions import versions_of
from tests.submissions.adapters.rig import Rig
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import BY, World, make_draft, queue_package

S = Submission.Status


@pytest.fixture
def rig(world: World) -> Rig:
    return Rig(world, "amelding")


def settled(rig: Rig, file: NamedFile, corrects: Submission | None = None) -> Submission:
    """The file is sent, and its answer has come."""
    draft = make_draft(rig.world.access, at=rig.world.at, service=rig.service.id, period=rig.period, corrects=corrects)
    queue_package(draft, [(file.name, file.content)], at=rig.world.at)
    return Reading(rig.world).settle(rig.world.send(draft))


def right(rig: Rig, *, replaces: str = "") -> NamedFile:
    return example(rig.about, replaces=replaces)


def without_employment(rig: Rig) -> NamedFile:
    """Accepted with a warning."""
    value = json.loads(right(rig).content)
    del value["leveranse"]["oppgave"]["virksomhet"][0]["inntektsmottaker"][2]["arbeidsforhold"]
    return NamedFile("a.json", json.dumps(value).encode())


def shown(client: Client, user: User, row: Submission) -> str:
    client.force_login(user)
    page = client.get(reverse("submission", kwargs={"environment": "sandbox", "pk": row.pk}))
    return " ".join(page.content.decode().split())


def words(rows: list[Any]) -> list[tuple[int, bool, int | None]]:
    return [(row.number, row.stands, row.replaced_by) for row in rows]


def test_a_message_is_accepted_and_says_what_is_to_be_paid(rig: Rig) -> None:
    done = settled(rig, right(rig))

    assert (done.status, done.reasons) == (S.ACCEPTED, [])
    assert done.receipt_reference == done.own_reference
    assert done.payment["account"] == "12345678903"
    assert [(claim["what"], claim["amount"]) for claim in done.payment["claims"]] == [
        ("forskuddstrekk", "40805.0"),
        ("arbeidsgiveravgift", "18577.0"),
    ]
    assert sorted(document.role for document in done.documents.all()) == ["FEEDBACK", "MESSAGE", "RECEIPT"]


def test_the_call_has_the_month_the_organisation_and_one_key_and_the_file_goes_out_as_it_is(rig: Rig) -> None:
    file = right(rig)

    done = settled(rig, file)

    (request,) = [r for r in rig.world.transport.requests if "/innsending/" in r.url.path]
    assert request.url.path.endswith(f"/v1/innsending/2025-12/{rig.about.orgnr}")
    assert request.headers["idempotencyKey"] == str(done.calls.get().key)
    assert request.content == file.content


def test_the_feedback_is_fetched_from_its_own_host_with_the_same_scope(rig: Rig) -> None:
    settled(rig, right(rig))

    paths = [r.url.path for r in rig.world.transport.requests if r.method == "GET" and "/forsendelser/" in r.url.path]
    assert [path.rpartition("/")[0] for path in paths] == ["/skatteetaten/ameldingtilbakemelding/v1/forsendelser"]


def test_a_message_with_a_warning_is_accepted_and_the_warning_is_kept(
    rig: Rig, client: Client, case_worker: User
) -> None:
    done = settled(rig, without_employment(rig))

    page = shown(client, case_worker, done)
    assert done.status == S.ACCEPTED
    assert [(reason["code"], reason["severity"]) for reason in done.reasons] == [("ARBEIDSFORHOLD_MANGLER", "ADVARSEL")]
    assert "Med merknader" in page
    assert "Bør rettes" in page
    assert "Dette skal kunden betale" in page


def test_a_rejected_message_is_corrected_by_a_new_one(rig: Rig, client: Client, case_worker: User) -> None:
    rejected = settled(rig, rig.files(wrong=True)[0])
    correction = drafts.copy_for_correction(submission=rejected, by=BY, at=rig.world.at)
    before = correction.findings
    new = right(rig)
    drafts.add_files(submission=correction, files=[SimpleUploadedFile(new.name, new.content)], by=BY, at=rig.world.at)
    queue(submission=correction, by=BY, at=rig.world.at)
    done = Reading(rig.world).settle(rig.world.send(correction))

    page = shown(client, case_worker, rejected)
    assert (rejected.status, rejected.payment) == (S.REJECTED, None)
    assert rejected.reasons[0]["code"] == "SUM_FORSKUDDSTREKK"
    assert "Må rettes" in page
    assert "USED_ID" in {finding["code"] for finding in before}
    assert done.status == S.ACCEPTED
    assert words(versions_of(done)) == [(1, False, None), (2, True, None)]


def test_a_replacement_takes_the_place_of_the_message_it_names(rig: Rig, client: Client, case_worker: User) -> None:
    first = settled(rig, without_employment(rig))
    second = settled(rig, right(rig, replaces=first.own_reference), corrects=first)

    page = shown(client, case_worker, first)
    assert (second.status, second.replaces_reference) == (S.ACCEPTED, first.own_reference)
    assert words(versions_of(first)) == [(1, False, 2), (2, True, None)]
    assert "Levert for desember 2025" in page
    assert "Gjelder nå" in page
    assert "Erstatter 1" in page
    assert page.index("Versjon 2") < page.index("Versjon 1")
    assert "Dette skal kunden betale" not in page, "the newer message says what is to be paid"


def test_a_replacement_that_is_rejected_changes_nothing(rig: Rig) -> None:
    first = settled(rig, right(rig))
    wrong = example(rig.about, wrong=True, replaces=first.own_reference)

    second = settled(rig, wrong, corrects=first)

    assert second.status == S.REJECTED
    assert words(versions_of(first)) == [(1, True, None), (2, False, None)]


def test_a_message_that_replaces_none_stands_beside_the_other_and_a_person_is_asked(rig: Rig) -> None:
    first = settled(rig, right(rig))
    draft = make_draft(rig.world.access, at=rig.world.at, service=rig.service.id, period=rig.period)
    file = right(rig)
    drafts.add_files(submission=draft, files=[SimpleUploadedFile(file.name, file.content)], by=BY, at=rig.world.at)

    texts = [text for _code, text in preflight(draft).questions]

    assert [finding["code"] for finding in draft.findings] == ["COMES_BESIDE"]
    assert any("Desember 2025 har en melding fra før (godkjent), som denne ikke erstatter." in text for text in texts)
    assert first.status == S.ACCEPTED


def test_the_correction_of_a_message_that_stands_must_replace_it(rig: Rig) -> None:
    first = settled(rig, right(rig))
    correction = drafts.copy_for_correction(submission=first, by=BY, at=rig.world.at)
    file = right(rig)

    drafts.add_files(submission=correction, files=[SimpleUploadedFile(file.name, file.content)], by=BY, at=rig.world.at)

    correction.refresh_from_db()
    assert correction.status == S.DRAFT
    assert [finding["code"] for finding in correction.findings] == ["MUST_REPLACE"]
    assert correction.findings[0]["params"] == {"id": first.own_reference}


@pytest.mark.parametrize("wrong", [False, True])
def test_the_example_files_of_a_correction_replace_what_stands(
    rig: Rig, client: Client, case_worker: User, wrong: bool
) -> None:
    """A message that was rejected does not stand: its correction replaces nothing."""
    first = settled(rig, example(rig.about, wrong=wrong))
    correction = drafts.copy_for_correction(submission=first, by=BY, at=rig.world.at)
    client.force_login(case_worker)

    client.post(reverse("submission-examples", kwargs={"environment": "sandbox", "pk": correction.pk}))

    correction.refresh_from_db()
    assert correction.replaces_reference == ("" if wrong else first.own_reference)
    assert (correction.status, correction.errors) == (S.READY, 0)


@pytest.mark.parametrize("replaces", ["", "the accepted", "the rejected"])
def test_a_new_message_is_linked_to_the_rejected_one_that_it_comes_instead_of(rig: Rig, replaces: str) -> None:
    """Also one from a heap: nobody said that it is a correction. One that replaces nothing stands beside the accepted."""
    accepted = settled(rig, right(rig))
    rejected = settled(rig, example(rig.about, wrong=True, replaces=accepted.own_reference))
    given = {"": "", "the accepted": accepted.own_reference, "the rejected": rejected.own_reference}[replaces]

    new = settled(rig, right(rig, replaces=given))

    assert rejected.status == S.REJECTED
    assert (new.corrects == rejected) is bool(replaces)
    assert Submission.objects.needing_correction().filter(pk=rejected.pk).exists() is not bool(replaces)


def test_of_two_messages_that_replace_nothing_a_rejected_one_is_not_hidden_by_the_other(rig: Rig) -> None:
    """They stand side by side: the second says nothing of the first, which waits for its own correction."""
    rejected = settled(rig, example(rig.about, wrong=True))

    other = settled(rig, right(rig))

    assert (rejected.status, other.status, other.corrects) == (S.REJECTED, S.ACCEPTED, None)
    assert list(Submission.objects.needing_correction()) == [rejected]
    assert words(versions_of(rejected)) == [(1, False, None), (2, True, None)]


def test_of_several_rejected_ones_the_named_one_is_corrected(rig: Rig) -> None:
    accepted = settled(rig, right(rig))
    beside = settled(rig, example(rig.about, wrong=True))
    first, second = (settled(rig, example(rig.about, wrong=True, replaces=accepted.own_reference)) for _n in range(2))
    assert second.corrects == first, "both were to replace the same"

    new = settled(rig, right(rig, replaces=beside.own_reference))

    assert new.corrects == beside
    assert list(Submission.objects.needing_correction()) == [second]


def test_the_same_message_once_more_corrects_the_one_that_never_arrived(rig: Rig) -> None:
    file = right(rig)
    failed = settled(rig, file)
    Submission.objects.filter(pk=failed.pk).update(status=S.FAILED)

    again = settled(rig, file)

    assert (again.corrects, again.own_reference) == (failed, failed.own_reference)


def test_a_person_says_which_message_corrects_a_rejected_one(rig: Rig, client: Client, case_worker: User) -> None:
    earlier = settled(rig, right(rig))
    rejected = settled(rig, example(rig.about, wrong=True))
    other = settled(rig, right(rig))
    url = reverse("submission-corrected", kwargs={"environment": "sandbox", "pk": rejected.pk})
    before = shown(client, case_worker, rejected)

    for chosen in ("", "x", str(earlier.pk), str(rejected.pk)):
        client.post(url, {"correction": chosen})
        assert Submission.objects.needing_correction().count() == 1, chosen
    client.post(url, {"correction": str(other.pk)})

    after = shown(client, case_worker, rejected)
    other.refresh_from_db()
    assert (url in before, url in after) == (True, False)
    assert f'value="{other.pk}"' in before
    assert f'value="{earlier.pk}"' not in before
    assert other.corrects == rejected
    assert not Submission.objects.needing_correction().exists()
    assert "En person sa hva som retter den" in after


def test_a_correction_is_said_once_and_only_of_what_waits_for_it(rig: Rig) -> None:
    rejected = settled(rig, example(rig.about, wrong=True))
    one, two = settled(rig, right(rig)), settled(rig, right(rig))
    corrections.say_corrected(submission=rejected, chosen=one.pk, by=BY, at=rig.world.at)

    for submission, chosen in ((rejected, two), (one, two), (two, one)):
        with pytest.raises(IllegalTransition):
            corrections.say_corrected(submission=submission, chosen=chosen.pk, by=BY, at=rig.world.at)

    two.refresh_from_db()
    assert two.corrects is None


def test_two_drafts_with_the_same_id_are_not_both_sent(rig: Rig) -> None:
    content = right(rig).content
    ready = []
    for _n in range(2):
        draft = make_draft(rig.world.access, at=rig.world.at, service=rig.service.id, period=rig.period)
        drafts.add_files(submission=draft, files=[SimpleUploadedFile("a.json", content)], by=BY, at=rig.world.at)
        ready.append(draft)
    queue(submission=ready[0], by=BY, at=rig.world.at)

    with pytest.raises(NotReady) as refused:
        queue(submission=ready[1], by=BY, at=rig.world.at, confirmed=frozenset({"duplicate", "replaces"}))

    assert "En melding med samme id er sendt før" in refused.value.preflight.problems[0]


def test_a_sub_unit_that_the_register_does_not_tell_of_is_explained(
    rig: Rig, client: Client, case_worker: User
) -> None:
    organisations = rig.world.app.state.organisations
    other = next(orgnr for orgnr in organisations if orgnr != rig.about.orgnr)
    user = rig.world.app.state.system_users[str(rig.world.access.system_user.altinn_id)]
    organisations[rig.about.orgnr].main_unit, user.orgnr = other, other

    failed = rig.world.send(rig.queued())

    assert (failed.status, failed.problem_code) == (S.FAILED, "AMLD_1062")
    assert "Nummeret er en underenhet. Rapporter for hovedenheten" in shown(client, case_worker, failed)


def test_the_pages_of_a_month_have_its_name_its_deadline_and_its_year(
    rig: Rig, client: Client, case_worker: User
) -> None:
    done = settled(rig, right(rig))

    page = shown(client, case_worker, done)
    assert catalogue.local("SANDBOX").last_day(rig.service, rig.period) == date(2026, 1, 5)
    assert "A-meldingen desember 2025" in page
    assert "5. januar 2026" in page
    assert "Året 2025" in page
    assert "Til konto 1234 56 78903" in page
    assert next(event.title for event in timeline(done)) == "Godkjent"


def test_the_evidence_of_a_month_names_it_and_has_every_file(rig: Rig, client: Client, case_worker: User) -> None:
    done = settled(rig, right(rig))
    client.force_login(case_worker)

    answer = client.get(reverse("submission-evidence", kwargs={"environment": "sandbox", "pk": done.pk}))

    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as package:  # type: ignore[attr-defined]
        names, facts = package.namelist(), json.loads(package.read("innsending.json"))
    answer.close()
    assert f"-{done.period}-" in answer["Content-Disposition"]
    assert facts["period"] == "2025-12"
    assert sum(name.startswith(("sendt/", "kvittering/", "tilbakemelding/")) for name in names) == 3


def test_a_list_is_searched_by_month(rig: Rig, client: Client, case_worker: User) -> None:
    done = settled(rig, right(rig))
    client.force_login(case_worker)
    address = reverse("submissions", kwargs={"environment": "sandbox"})

    found = {text: f"/{done.pk}/" in client.get(address, {"q": text}).content.decode() for text in ASKED}

    assert found == ASKED


ASKED = {"2025-12": True, "2025": True, "2025-11": False, "2024": False, "2025-T6": False}


def test_a_message_that_was_posted_is_not_uploaded_as_a_file_too(rig: Rig) -> None:
    file = right(rig)
    settled(rig, file)
    other = "innrapportering-amelding-filopplasting"
    draft = make_draft(rig.world.access, at=rig.world.at, service=other, period=rig.period)
    drafts.add_files(submission=draft, files=[SimpleUploadedFile("a.json", file.content)], by=BY, at=rig.world.at)

    result = preflight(Submission.objects.get(pk=draft.pk))

    assert any("En melding med samme id er sendt før" in problem for problem in result.problems)
    assert [code for code, _text in result.questions] == ["duplicate"]
