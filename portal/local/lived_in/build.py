"""The months of the demonstration in their order. Each chapter is one day, and says what it tells while it is built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.utils import timezone, translation

from portal.local.lived_in import asking, authority, people, present, reporting
from portal.local.lived_in.people import House
from portal.local.lived_in.stage import Stage

BEGAN = timedelta(days=340)
"""How long ago the vendor began: its key, which lasts a year, ends soon."""
Tell = Callable[[str, int, int], None]
"""Of a chapter that begins: what it is about, how many are done, and how many there are."""
Act = Callable[[Stage], object]


def each(*acts: Act) -> Act:
    """One after the other."""

    def do(stage: Stage) -> None:
        for act in acts:
            act(stage)

    return do


@dataclass(frozen=True)
class Chapter:
    """`days_ago`: the day, moved to the working day before when it is none."""

    days_ago: float
    about: str
    tell: Act


FIXED = [
    Chapter(330, "the system at Altinn", people.settle_in),
    Chapter(201, "an import of 260 customers", people.import_customers),
    Chapter(197, "the first campaign", asking.first_campaign),
    Chapter(196, "answers", partial(asking.first_answers, turn=0)),
    Chapter(189, "answers after a reminder", each(Stage.ask, partial(asking.first_answers, turn=1))),
    Chapter(188, "answers after a reminder", partial(asking.first_answers, turn=2)),
    Chapter(180, "tags, notes and portfolios", each(people.sort_out, partial(people.write_notes, first=3))),
    Chapter(150, "expected reports", reporting.expect_reports),
    Chapter(146, "shareholder reports", reporting.shares),
    Chapter(140, "reports of housing", reporting.housing),
    Chapter(115, "a second profile", lambda stage: asking.approved_round(stage, asking.WAGE_EARNERS, House.find().wages, login="nora")),
    Chapter(80, "an accountant with clients", asking.accountant),
    Chapter(60, "a third profile", lambda stage: asking.approved_round(stage, asking.RETURNS, House.find().returns, login="ida")),
    Chapter(50, "uploads and tax returns", reporting.other_ways),
    Chapter(46, "tax cards, claims", each(partial(authority.order_cards, number=8), partial(authority.read_claims, number=6))),
    Chapter(40, "letters", partial(authority.write_letters, first=0, number=6)),
    Chapter(30, "accesses that are removed", partial(asking.lose, which=[1, 2])),
    Chapter(24, "questions from Skatteetaten", partial(authority.ask_for_material, first=0, days=(-4, 3, 9, 20))),
    Chapter(22, "relations that end", partial(asking.end_relations, which=[60, 61])),
    Chapter(21, "answers to Skatteetaten", partial(authority.give_material, number=2)),
    Chapter(16, "an autumn campaign", asking.autumn_campaign),
    Chapter(15, "answers", partial(asking.autumn_answers, first=0)),
    Chapter(12, "a wider profile", asking.widen),
    Chapter(8, "answers after a reminder", each(Stage.ask, partial(asking.autumn_answers, first=20))),
    Chapter(4, "questions to customers", asking.lately),
    Chapter(3, "letters", each(partial(authority.write_letters, first=4, number=5), partial(people.write_notes, first=11))),
    Chapter(2, "an access that is lost", partial(asking.lose, which=[5])),
    Chapter(1.2, "tax returns to confirm", present.make_returns_ready),
    Chapter(1.1, "a new campaign", asking.newest_campaign),
    Chapter(1, "questions from Skatteetaten", partial(authority.ask_for_material, first=5, days=(6, 14))),
]  # fmt: skip
TODAY = [
    Chapter(0, "drafts", present.leave_drafts),
    Chapter(0, "reports on their way", present.deliver_today),
    Chapter(0, "reports that wait", present.meet_faults),
    Chapter(0, "answers", present.be_answered),
    Chapter(0, "questions that wait", each(present.be_refused, present.be_unsure)),
    Chapter(0, "a campaign under way", asking.resume_campaign),
    Chapter(0, "saved views", people.save_views),
]
WAGES_DAY = 4
"""Of the month after: a day before wages must be reported."""
NUMBER = len(FIXED) + reporting.MONTHS + len(TODAY)


def chapters(stage: Stage) -> list[Chapter]:
    """Those of earlier days, the oldest first. Wages of a month are reported in the beginning of the next one."""
    today, wages = timezone.localdate(stage.now), []
    for number, month in enumerate(reporting.months(stage)):
        day = (month.start + timedelta(days=31)).replace(day=WAGES_DAY)
        about = f"wages of {month.start:%Y-%m}"
        wages.append(Chapter(max((today - day).days, 1), about, partial(reporting.wages, number=number)))
    return sorted([*FIXED, *wages], key=lambda chapter: -chapter.days_ago)


def build(stage: Stage, *, tell: Tell) -> None:
    """From the empty start to today. Raises httpx.HTTPError, and what a service raises."""
    with translation.override("nb"):
        stage.begin_at(stage.now - BEGAN)
        for done, chapter in enumerate(chapters(stage)):
            tell(chapter.about, done, NUMBER)
            stage.go_to(chapter.days_ago)
            chapter.tell(stage)
        stage.come_back()
        for done, chapter in enumerate(TODAY, start=NUMBER - len(TODAY)):
            tell(chapter.about, done, NUMBER)
            chapter.tell(stage)
        stage.come_back()
