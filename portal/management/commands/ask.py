"""`manage.py ask`: asks customers for an access by a campaign, as the page *Ny kampanje* does."""

from __future__ import annotations

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from accounts import second_person
from accounts.services import proposals
from accounts.services.imports.reading import MOST_ROWS, TooManyRows, Unreadable
from accounts.services.proposals import AlreadyProposed
from portal.core.enqueue import enqueue_on_commit
from portal.core.states import IllegalTransition, LostRace
from portal.management.acting import ActingCommand, add_mass, refuse, wrong
from systemusers import tasks
from systemusers.models import AccessProfile, Campaign, CampaignRow, System
from systemusers.services.campaigns import gathering, ordering, shown
from systemusers.views.proposed import campaign_started

S, V = Campaign.Status, CampaignRow.Verdict
DONE = (V.HAS_ACCESS, V.UNDERWAY, V.TWICE)
"""Verdicts on rows that need nothing."""
CHANGED = "Something changed meanwhile, so nobody was asked. Give the command again."


class Command(ActingCommand):
    left = 0
    """Rows that were not asked, and that are not well as they are."""
    is_new = False
    """Whether this run made the campaign."""
    help = "Asks the customers of a list for an access. Who was asked is asked no second time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path, nargs="?", help="a list with organisation numbers")
        parser.add_argument("--orgnr", nargs="+", default=[], help="in place of a list")
        parser.add_argument("--profile", required=True, help="its name, or its number")
        parser.add_argument("--mail", action="store_true", help="the portal mails each customer the link")
        parser.add_argument("--name", help="of the campaign")
        add_mass(parser)

    def act(
        self, *, file: Path | None, orgnr: list[str], dry_run: bool, yes: int | None, wait: float, **options: Any
    ) -> None:
        campaign = self._campaign(self._content(file, orgnr), self._profile(options["profile"]), options)
        try:
            self.wait(lambda: self._now(campaign).status != S.DRAFT, seconds=wait)
            campaign = self._now(campaign)
            number = ordering.number_of(campaign) if campaign.status == S.READY else 0
            is_over = dry_run or (campaign.status == S.READY and not number)
            if is_over:
                self._tell_rows(campaign)
        finally:
            if dry_run:
                self._discard(campaign)
        if is_over:
            self._discard(campaign)
            self._end(f"Would be asked: {number}. Nobody was." if dry_run else "Nobody is left to ask.")
            return
        if campaign.status == S.READY:
            self._start(campaign, number, yes)
        if self._now(campaign).status == S.PAUSED:
            refuse("The campaign is paused in the portal.")
        self.wait(lambda: self._now(campaign).status != S.RUNNING, seconds=wait)
        self._tell_rows(campaign)
        self._end(f"Asked: {shown.numbers(campaign).asked}.")

    def _content(self, file: Path | None, numbers: list[str]) -> bytes:
        if (file is None) == (not numbers):
            wrong("Give a file or --orgnr, one of the two.")
        if file is None:
            return "\n".join(numbers).encode()
        try:
            return file.read_bytes()
        except OSError as error:
            wrong(f"{file} cannot be read: {error.strerror}")

    def _profile(self, named: str) -> AccessProfile:
        rows = AccessProfile.objects.filter(
            system__environment=self.environment, system__status=System.Status.REGISTERED
        )
        found = list(rows.filter(pk=int(named)) if named.isdecimal() else rows.filter(name=named))
        if len(found) != 1:
            known = ", ".join(f"{row.pk} {row.name}" for row in rows.order_by("pk"))
            wrong(f"There are {len(found)} profiles of this name. The profiles are: {known or 'none'}.")
        return found[0]

    def _campaign(self, content: bytes, profile: AccessProfile, options: dict[str, Any]) -> Campaign:
        """A new one, or the one of the same list that was left."""
        digest = hashlib.sha256(content + f" {options['mail']}".encode()).hexdigest()[:12]
        name = f"{options['name'] or 'Kommandolinje'} {digest}"[-100:]
        mine = Campaign.objects.filter(owner=self.user, environment=self.environment, profile=profile, name=name)
        open_one = mine.filter(status__in=[S.DRAFT, S.READY, S.RUNNING, S.PAUSED]).order_by("-pk").first()
        if open_one is not None:
            if open_one.status == S.READY and not proposals.standing(open_one):
                self._judge_again(
                    open_one
                )  # whoever asked somebody meanwhile is heeded; a proposal is of what was shown
            return open_one
        try:
            rows = gathering.of_list(content, environment=self.environment, user=self.user)
        except (gathering.NoCustomers, gathering.NoNumbers, Unreadable):
            wrong("This is no list with organisation numbers. Give CSV, text, or .xlsx without a password.")
        except TooManyRows:
            wrong(f"The list has more than {MOST_ROWS} rows.")
        made = ordering.make(
            settings=ordering.Settings(name=name, profile=profile, mails=options["mail"]), rows=rows, user=self.user,
            environment=self.environment, at=timezone.now(),
        )  # fmt: skip
        enqueue_on_commit(tasks.run_campaigns)
        self.is_new = True
        return made

    def _judge_again(self, campaign: Campaign) -> None:
        try:
            ordering.judge_again(campaign=campaign, by=self.user.actor, at=timezone.now())
        except (LostRace, IllegalTransition):
            refuse(CHANGED)
        enqueue_on_commit(tasks.run_campaigns)

    def _discard(self, campaign: Campaign) -> None:
        """What this run made, unless a person has begun it on the page or put it to a colleague."""
        if self.is_new and not proposals.standing(campaign):
            try:
                ordering.discard(campaign=campaign, by=self.user.actor, at=timezone.now())
            except LostRace:
                refuse("The campaign was begun in the portal meanwhile, and goes on there.")

    def _now(self, campaign: Campaign) -> Campaign:
        return Campaign.objects.select_related("profile__system").get(pk=campaign.pk)

    def _start(self, campaign: Campaign, number: int, yes: int | None) -> None:
        self.confirm(number, given=yes, what=f"To be asked for «{campaign.profile.name}»: {number}.")
        act, at = campaign_started(campaign), timezone.now()
        try:
            if act.takes_two:
                second_person.put(act, by=self.user.actor, at=at)
                refuse("So many take two persons. A colleague is asked, and approves under «Til godkjenning».")
            ordering.start(campaign=campaign, user=self.user, shown=act.question.shown, at=at)
        except AlreadyProposed:
            refuse("So many take two persons. A colleague is asked already, under «Til godkjenning».")
        except (LostRace, IllegalTransition, ordering.HasChanged):
            refuse(CHANGED)
        enqueue_on_commit(tasks.run_campaigns)

    def _tell_rows(self, campaign: Campaign) -> None:
        rows = CampaignRow.objects.visible_to(self.user).filter(campaign=campaign).select_related("customer", "access")
        for row in rows.order_by("number").iterator(chunk_size=500):
            orgnr = row.customer.orgnr if row.customer else row.shown
            text = str(shown.WHY.get(row.verdict, ""))
            self.tell({
                "row": row.number, "orgnr": orgnr, "verdict": row.verdict, "state": row.state, "text": text,
                "access": str(row.access.reference) if row.access else "",
            })  # fmt: skip
            if row.state != row.State.ASKED and row.verdict != V.READY:
                self.left += row.verdict not in DONE
                self.say(f"{orgnr} {row.get_verdict_display()}. {text}".strip())

    def _end(self, text: str) -> None:
        self.say(text)
        if self.left:
            refuse(f"Left out of the list: {self.left}.")
