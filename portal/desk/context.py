"""Template context of every page: the vendor, the menu, the environments, the languages."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy

from accounts.capabilities import enabled
from accounts.models import Charge, Language, SavedView, User, Vendor, sight_of
from portal.core.environments import Environment
from portal.core.heartbeat import Silence, silence_of_page
from portal.core.prepared import MOMENT, NUMBER, TEXT, Prepared
from submissions.models import Dialog, SendingHold
from submissions.services import restoring
from submissions.services.casework.unread import OLD, find_unread
from systemusers.models import Access

HELD_SHOWN = 5
UNREAD_SHOWN = 99
CHARGES = {
    Charge.PEOPLE: "people",
    Charge.VENDOR: "vendor",
    Charge.MAILS: "mail-settings",
    Charge.OPERATION: "operation",
    Charge.KEPT: "kept",
    Charge.STORED: "admin:index",
}
"""The first page of each charge."""
NAVIGATION = [
    ("dashboard", gettext_lazy("Oversikt")),
    ("customers", gettext_lazy("Kunder")),
    ("accesses", gettext_lazy("Tilganger")),
    ("submissions", gettext_lazy("Innsendinger")),
    ("due", gettext_lazy("Frister")),
    ("orders", gettext_lazy("Bestillinger")),
    ("dialogs", gettext_lazy("Dialoger")),
    ("systems", gettext_lazy("Systemer")),
    ("connection", gettext_lazy("Tilkobling")),
]
BELOW = {
    "accesses": ("campaigns",),
    "systems": ("offered",),
    "connection": ("settings", "services", "kept", "integrations", "webhooks"),
    "dialogs": ("letters",),
}
"""Pages whose address does not begin with that of the entry of the menu they belong to, by that entry."""
ENVIRONMENT_TEXTS = {
    Environment.SANDBOX: gettext_lazy("Sandkasse på denne maskinen · ingenting herfra når Altinn eller Skatteetaten"),
    Environment.TEST: gettext_lazy("Altinn TT02 · syntetiske kunder · ingenting herfra når produksjon"),
    Environment.PRODUCTION: gettext_lazy("Ekte kunder · det du sender, er levert"),
}


def _frame(unread: QuerySet[Dialog], views: QuerySet[SavedView], environment: str) -> QuerySet[Vendor]:
    return Vendor.objects.order_by("pk").annotate(
        is_held=Exists(SendingHold.objects.filter(environment=environment)),
        unread=ArraySubquery(unread.values("pk")[: UNREAD_SHOWN + 1]),
        views=ArraySubquery(views.values(view=JSONObject(pk="pk", path="path", name="name", query="query"))),
    )


_frames: dict[tuple[str, str], Prepared[Vendor]] = {}
MOST_FRAMES = 200


def _prepared(user: User, environment: Environment) -> Prepared[Vendor]:
    """The same for all who see the same customers."""
    key = (environment, repr(sight_of(user)))
    if key not in _frames:
        if len(_frames) >= MOST_FRAMES:
            _frames.clear()
        anybody = copy(user)
        anybody.pk, anybody.date_joined = NUMBER, MOMENT
        unread = find_unread(user=anybody, environment=environment, at=MOMENT)
        rows = _frame(unread, SavedView.objects.filter(user=NUMBER, path=TEXT), environment)[:1]
        _frames[key] = Prepared(rows, user=NUMBER, path=TEXT, joined=MOMENT, oldest=MOMENT - OLD)
    return _frames[key]


class Shell:
    """Values are computed on first use, so that fragments and error pages run no queries for them."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._environment: Environment | None = getattr(request, "environment", None)
        self.is_of_error = False
        """Set for the page of an error: it asks for nothing that may be slow."""

    @cached_property
    def vendor(self) -> Vendor | None:
        """With what the frame of every page asks besides: whether sending is held, what is unread, the saved views. One query."""
        user, place, path = self._request.user, self._environment, self._request.path
        if (
            self.is_of_error
            or place is None
            or not isinstance(user, User)
            or not self._has_role
            or sight_of(user).is_nothing
        ):
            # what is wrong may be the address itself, or that nobody knows who asks
            views = SavedView.objects.none() if self.is_of_error else SavedView.objects.filter(user=user.pk, path=path)
            return _frame(Dialog.objects.none(), views, place or "").first()
        times = {"joined": user.date_joined, "oldest": timezone.now() - OLD}
        return next(iter(_prepared(user, place).of(user=user.pk, path=path, **times)), None)

    @property
    def unread(self) -> str:
        """How many dialogs the user has not seen, as the menu shows it; "" for none."""
        found = self.vendor.unread if self.vendor else None  # type: ignore[attr-defined] # annotated
        number = len(found or ())  # None: the user sees no customers
        return f"{UNREAD_SHOWN}+" if number > UNREAD_SHOWN else str(number or "")

    @cached_property
    def navigation(self) -> list[dict[str, Any]]:
        """None where the user has no role."""
        if not self._has_role:
            return []
        return [item for name, label in NAVIGATION if (item := self._item(name, label))]

    @property
    def _has_role(self) -> bool:
        user = self._request.user
        return isinstance(user, User) and self._environment in user.environments

    def _item(self, name: str, label: Any) -> dict[str, Any] | None:
        try:
            url = reverse(name, kwargs={"environment": self._environment})
        except NoReverseMatch:
            return None
        is_current = self._request.path == url if name == "dashboard" else self._is_below(name, *BELOW.get(name, ()))
        unread = self.unread if name == "dialogs" else ""
        return {"url": url, "label": label, "is_current": is_current, "unread": unread}

    def _is_below(self, *names: str) -> bool:
        starts = tuple(reverse(name, kwargs={"environment": self._environment}) for name in names)
        return self._request.path.startswith(starts)

    @cached_property
    def environments(self) -> list[dict[str, Any]]:
        return [
            {
                "label": e.label,
                "url": reverse("dashboard", kwargs={"environment": e}),
                "is_current": e == self._environment,
            }
            for e in self._places
        ]

    @property
    def _places(self) -> list[Environment]:
        """Where the user has a role; nothing else is offered."""
        user = self._request.user
        return user.environments if isinstance(user, User) else []

    @cached_property
    def silence(self) -> Silence | None:
        """Set while no background work is done: the banner on every staff page, and texts that then do not promise."""
        return silence_of_page(self._request, at=timezone.now())

    @cached_property
    def hold(self) -> restoring.Progress | None:
        """Set while nothing is sent after a restore: the banner on every staff page."""
        is_held = self.vendor is None or self.vendor.is_held  # type: ignore[attr-defined] # annotated
        if not self._environment or not is_held:
            return None
        return restoring.progress(environment=self._environment, at=timezone.now())

    @cached_property
    def held_accesses(self) -> list[Access]:
        """Some of those whose reports still wait after a restore, when the others are sent again."""
        if not (self._environment and self.hold and self.hold.is_partial):
            return []
        user = self._request.user
        assert isinstance(user, User)  # noqa: S101 - the banner is for staff
        return list(restoring.find_held_accesses(environment=self._environment, user=user)[:HELD_SHOWN])

    @property
    def saved_views(self) -> list[SavedView]:
        """The user's own, of the list that the page is."""
        return [SavedView(**view) for view in self.vendor.views or ()] if self.vendor else []  # type: ignore[attr-defined] # annotated

    @property
    def environment_text(self) -> str:
        return str(ENVIRONMENT_TEXTS[self._environment]) if self._environment else ""

    @property
    def oidc_name(self) -> str:
        """The identity provider that staff log in with; "" for none."""
        return settings.OIDC_NAME if settings.OIDC_ISSUER else ""

    @property
    def rights_by_groups(self) -> bool:
        """Whether the provider's groups decide what people may do."""
        return settings.OIDC_GROUPS is not None

    @property
    def has_passwords(self) -> bool:
        return settings.LOCAL_PASSWORDS

    @property
    def idle_minutes(self) -> int:
        """After so long without activity the session ends; 0: it does not."""
        return settings.SESSION_IDLE_MINUTES

    @property
    def initials(self) -> str:
        words = str(self._request.user).split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def languages(self) -> list[tuple[str, str]]:
        return [(language.value, language.label) for language in Language]

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def mail_folder(self) -> str:
        """Folder of mails that are written to files (a laptop); empty in production."""
        return str(getattr(settings, "EMAIL_FILE_PATH", ""))

    @property
    def account_url(self) -> str:
        return reverse("account", kwargs={"environment": self._environment or next(enabled())})

    @property
    def profile_url(self) -> str:
        return reverse("profile", kwargs={"environment": self._environment or next(enabled())})

    @property
    def proposals_url(self) -> str:
        """Where what takes two persons waits; "" while nothing does."""
        place = self._environment or next(enabled())
        return reverse("proposals", kwargs={"environment": place}) if settings.TWO_PERSONS else ""

    @property
    def charges(self) -> list[tuple[str, str]]:
        """Labels and addresses of what the user keeps for the whole installation."""
        user, place = self._request.user, self._environment or next(enabled())
        if not isinstance(user, User):
            return []
        where = {"environment": place}
        return [
            (str(charge.label), reverse(name, kwargs={} if ":" in name else where))
            for charge, name in CHARGES.items()
            if user.has_charge(charge)
        ]

    @property
    def settings_url(self) -> str:
        if not self._environment:
            return ""
        try:
            return reverse("settings", kwargs={"environment": self._environment})
        except NoReverseMatch:
            return ""


def shell_of(request: HttpRequest) -> Shell:
    """The same one for the view and for its template."""
    known: Shell | None = getattr(request, "_shell", None)
    if known is None:
        known = request._shell = Shell(request)  # type: ignore[attr-defined]
    return known


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": shell_of(request)}
