"""Who answers a dialog: the person it was given to, else whoever follows up the customer.

That is the customer's own person, else the only worker of the customer's portfolio. Nobody, when there are several or none.
"""

from __future__ import annotations

from django.db.models import CharField, Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Customer, Portfolio, User
from accounts.services.customer_filter import SHOWN_NAME, workers
from submissions.models import DialogQuerySet


def of_user(user: User, environment: str) -> Q:
    """The condition on Dialog. Also what colleagues answer for whom the person is a substitute now."""
    led = set(_led_by_one(environment)) & set(user.portfolio_ids)
    people = [user.pk, *user.given.stands_in_for]
    followed = Customer.objects.filter(Q(assignee__in=people) | Q(assignee=None, portfolio__in=sorted(led)))
    return Q(assignee__in=people) | Q(assignee=None, customer__in=followed.values("pk"))


def of_nobody(user: User | None, environment: str) -> Q:
    """The condition on Dialog, of rows that `user` sees: only the portfolios of those are looked in. None: nobody is named, as for an
    integration of its own.
    """
    led = set(_led_by_one(environment))
    if user is None or user.within(environment).sees_all_customers:
        unled = Q(portfolio=None) | ~Q(portfolio__in=led)
    else:
        unled = Q(portfolio__in=set(user.portfolio_ids) - led)
    return Q(assignee=None, customer__in=Customer.objects.filter(unled, assignee=None).values("pk"))


def with_person(rows: DialogQuerySet, environment: str) -> DialogQuerySet:
    """Annotates `person`, the name of whoever answers, "" or None for nobody. The rows are of the environment."""
    staff = workers(environment).order_by().filter(portfolios=OuterRef("customer__portfolio")).values("portfolios")
    only = staff.annotate(n=Count("pk"), only_name=Min(SHOWN_NAME)).filter(n=1).values("only_name")
    named = [_name("assignee"), _name("customer__assignee"), Subquery(only, output_field=CharField())]
    return rows.annotate(person=Coalesce(*named))


def _name(path: str) -> Subquery:
    return Subquery(User.objects.filter(pk=OuterRef(path)).values(shown=SHOWN_NAME))


def _led_by_one(environment: str) -> QuerySet[Portfolio, int]:
    worker = Q(staff__in=workers(environment).order_by().values("pk"))
    rows = Portfolio.objects.annotate(workers=Count("staff", filter=worker)).filter(workers=1)
    return rows.order_by().values_list("pk", flat=True)
