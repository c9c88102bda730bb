"""`GET /dialogs`: filters, orders, and the continuation token that works as a durable cursor.

The token holds values and no direction: with another `orderBy` it may page in the other direction, as in the real
service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Response

from ..dialogs import by_party, stamp
from ..kernel import Call
from ..orgnr import is_orgnr
from ..replies import as_json
from ..routing import route
from . import access, views
from .identity import is_identity_number
from .records import Dialog

STATUSES = {"NotApplicable", "InProgress", "Draft", "Awaiting", "RequiresAttention", "Completed"}
LABELS = {"Default", "Bin", "Archive", "MarkedAsUnopened", "Sent"}
LANGUAGES = {"nb", "nn", "en", "se", "sma", "smj", "da", "sv", "fi", "de", "fr", "pl"}
KEYS: dict[str, Callable[[Dialog], Any]] = {
    "contentupdatedat": lambda d: d.content_updated_at,
    "updatedat": lambda d: d.updated_at,
    "createdat": lambda d: d.created_at,
    "dueat": lambda d: d.due_at or datetime.max.replace(tzinfo=d.created_at.tzinfo),  # null comes first when descending
    "id": lambda d: d.id,
}
RANGES = {
    "created": lambda d: d.created_at,
    "updated": lambda d: d.updated_at,
    "contentUpdated": lambda d: d.content_updated_at,
    "due": lambda d: d.due_at,
}
ORGANISATION, PERSON = "urn:altinn:organization:identifier-no", "urn:altinn:person"
PARTIES: dict[str, Callable[[str], bool]] = {
    ORGANISATION: is_orgnr,
    f"{PERSON}:identifier-no": is_identity_number,
    f"{PERSON}:legacy-selfidentified": bool,
    f"{PERSON}:idporten-email": lambda address: "@" in address,
}
MOST, USUAL = 1000, 100
Order = list[tuple[str, bool]]
"""Keys with True for descending; `id` last."""
_TERM = re.compile(r'(-?)(?:"([^"]+)"|([^\s"]+))')
_WHOLE = re.compile(r"-?[0-9]{1,9}")
_ZONED = re.compile(r".*T.*(Z|[+-]\d\d:\d\d)$")


@route("GET", f"{access.USER}/dialogs")
def search(call: Call) -> Response:
    reader = access.reader(call)
    query = SearchQuery(call)
    if query.errors:
        return access.problem(call, 400, query.errors)
    if call.state.settings.slow_search or query.spans_too_much():
        return access.problem(call, 422, {"Search": ["The search took too long."]})
    rows = [d for d in _candidates(call, reader, query) if query.matches(d) and reader.may_read(d)]
    for key, descending in reversed(query.order):
        rows.sort(key=KEYS[key], reverse=descending)
    page = rows[: query.limit]
    body: dict[str, Any] = {
        "items": [views.list_item(d, reader, query.languages) for d in page],
        "hasNextPage": len(rows) > len(page),
        "orderBy": ",".join(f"{key}_{'desc' if descending else 'asc'}" for key, descending in query.order),
    }
    token = _token(query.order, page[-1]) if page else call.request.args.get("continuationToken")
    return as_json({**body, "continuationToken": token} if token else body)


def _candidates(call: Call, reader: access.Reader, query: SearchQuery) -> Iterable[Dialog]:
    index = by_party(call.sandbox)
    parties = [o for o in query.parties if o in reader.parties] if query.parties else reader.parties
    return (dialog for orgnr in parties for dialog in index.get(orgnr, ()))


def _token(order: Order, last: Dialog) -> str:
    return ",".join(f"{key}_{_written(KEYS[key](last))}" for key, _descending in order)


def _written(value: Any) -> str:
    return stamp(value) if isinstance(value, datetime) else str(value)


class SearchQuery:
    """The parsed and checked query. `errors` by parameter; with errors the other attributes are not valid."""

    def __init__(self, call: Call) -> None:
        self.args = call.request.args
        self.now = call.now
        self.errors: dict[str, list[str]] = {}
        self.limits = call.state.settings
        self.languages = str(call.request.headers.get("Accept-Language", ""))
        self.parties = self._parties()
        self.resources = self._many("serviceResource", self.limits.max_service_resource_filter_values)
        self.orgs = self._many("org", 20)
        self.extended = self._many("extendedStatus", 20)
        self.statuses = self._enums("status", STATUSES)
        self.labels = self._enums("systemLabel", LABELS)
        if not self.args.getlist("party") and not self.resources:
            self._wrong("", "Either 'party' or 'serviceResource' must be given.")
        self.limit = self._limit()
        self.ranges = [self._range(name) for name in RANGES]
        self.content_seen = self._switch("isContentSeen")
        self.without_api_only = self._switch("excludeApiOnly")
        self._check_texts()
        self.order = self._order()
        self.cursor = self._cursor()

    def _wrong(self, key: str, text: str) -> None:
        self.errors.setdefault(key, []).append(text)

    def _many(self, name: str, most: int) -> frozenset[str]:
        values = self.args.getlist(name)
        if len(values) > most:
            self._wrong(f"{name}.Count", f"'{name}' must have at most {most} values.")
        return frozenset(values)

    def _parties(self) -> list[str]:
        """Organisation numbers; persons are accepted and never match. Prefixes are in lower case."""
        values = self.args.getlist("party")
        if len(values) > self.limits.max_party_filter_values:
            self._wrong("party.Count", f"'party' must have at most {self.limits.max_party_filter_values} values.")
        orgnrs = []
        for index, value in enumerate(values):
            kind, _, ident = value.rpartition(":")
            right = PARTIES.get(kind)
            if right is None or not right(ident):
                self._wrong(f"party[{index}]", "The value is not a valid party identifier.")
            elif kind == ORGANISATION:
                orgnrs.append(ident)
        return orgnrs or ([""] if values else [])

    def _switch(self, name: str) -> bool | None:
        text = self.args.get(name)
        if text is not None and text.lower() not in ("true", "false"):
            self._wrong(name, f"The value '{text[:40]}' is not valid for Boolean.")
        return None if text is None else text.lower() == "true"

    def _enums(self, name: str, known: set[str]) -> frozenset[str]:
        names = {value.lower(): value for value in known}
        values = self.args.getlist(name)
        for value in values:
            if value.lower() not in names:
                self._wrong(name, f"The value '{value[:40]}' is not valid.")
        return frozenset(names.get(value.lower(), "") for value in values)

    def _limit(self) -> int:
        text = self.args.get("limit", str(USUAL))
        if not _WHOLE.fullmatch(text) or not 1 <= int(text) <= MOST:
            self._wrong("limit", f"'limit' must be between 1 and {MOST}.")
            return USUAL
        return int(text)

    def _range(self, name: str) -> tuple[str, datetime | None, datetime | None]:
        after, before = self._moment(f"{name}After"), self._moment(f"{name}Before")
        if after and before and after > before:
            self._wrong(f"{name}After", f"'{name}After' must not be after '{name}Before'.")
        return name, after, before

    def _moment(self, name: str) -> datetime | None:
        text = self.args.get(name)
        if text is None:
            return None
        moment = read_moment(text)
        if moment is None:
            self._wrong(name, f"The value '{text[:40]}' is not a time with an offset.")
        return moment

    def _check_texts(self) -> None:
        text = self.args.get("search")
        if text is not None and len(text) < 3:
            self._wrong("search", "'search' must have at least 3 characters.")
        language = self.args.get("searchLanguageCode")
        if language is not None and language not in LANGUAGES:
            self._wrong("searchLanguageCode", "The language code is not valid.")
        process = self.args.get("process")
        if process is not None and (":" not in process or len(process) > 1023):
            self._wrong("process", "'process' must be a URI of at most 1023 characters.")

    def _order(self) -> Order:
        order: Order = []
        for part in filter(None, self.args.get("orderBy", "").split(",")):
            key, _, direction = part.strip().lower().partition("_")
            if key not in KEYS or direction not in ("", "asc", "desc"):
                self._wrong("orderBy", f"'{part[:40]}' is not a key to order by.")
            else:
                order.append((key, direction != "asc"))
        order = order or [("contentupdatedat", True)]
        return order if order[-1][0] == "id" else [*order, ("id", order[-1][1])]

    def _cursor(self) -> dict[str, Any]:
        text = self.args.get("continuationToken")
        if not text:
            return {}
        pairs = [part.partition("_") for part in text.split(",")]
        cursor = {key: value if key == "id" else read_moment(value) for key, _, value in pairs if key in KEYS}
        if any(cursor.get(key) is None for key, _descending in self.order):
            self._wrong("continuationToken", "The continuation token does not fit the order.")
        return cursor

    def matches(self, dialog: Dialog) -> bool:
        """The cheapest check comes first: most calls have a cursor near the end of many dialogs."""
        return (
            self._is_after_cursor(dialog)
            and self._is_live(dialog)
            and self._in_ranges(dialog)
            and self._has_values(dialog)
        )

    def spans_too_much(self) -> bool:
        """Whether the time from the position, else from the lower bound, to the upper bound is longer than the setting says."""
        most = self.limits.slow_search_over_days
        if most is None:
            return False
        key = self.order[0][0]
        _name, after, before = next((r for r in self.ranges if f"{r[0].lower()}at" == key), ("", None, None))
        begins = [moment for moment in (after, self.cursor.get(key)) if isinstance(moment, datetime)]
        if not begins:
            return True
        return ((before or self.now) - max(begins)).total_seconds() > most * 86_400

    def _is_live(self, dialog: Dialog) -> bool:
        is_late = (self.now - dialog.created_at).total_seconds() < self.limits.search_delay_seconds
        return dialog.is_live(self.now) and not is_late

    def _has_values(self, dialog: Dialog) -> bool:
        chosen = (
            (self.resources, dialog.resource), (self.orgs, dialog.org), (self.extended, dialog.extended_status),
            (self.statuses, dialog.status),
        )  # fmt: skip
        if any(values and value not in values for values, value in chosen) or not self.labels <= set(dialog.labels):
            return False
        single = {"externalReference": dialog.external_reference, "process": dialog.process}
        if any(name in self.args and self.args[name] != value for name, value in single.items()):
            return False
        if self.content_seen is not None and self.content_seen != views.is_content_seen(dialog):
            return False
        if self.without_api_only and dialog.is_api_only:
            return False
        return self._has_words(dialog)

    def _has_words(self, dialog: Dialog) -> bool:
        wanted = self.args.get("search", "").lower()
        return not wanted or _finds(wanted, " ".join(_texts(dialog)).lower())

    def _in_ranges(self, dialog: Dialog) -> bool:
        for name, after, before in self.ranges:
            value = RANGES[name](dialog)
            if (after or before) and value is None:
                return False
            if (after and value < after) or (before and value > before):
                return False
        return True

    def _is_after_cursor(self, dialog: Dialog) -> bool:
        """Whether the dialog comes after the position of the token, in this order."""
        if not self.cursor:
            return True
        for key, descending in self.order:
            value, position = KEYS[key](dialog), self.cursor[key]
            if value != position:
                return bool(value < position if descending else value > position)
        return False


def _texts(dialog: Dialog) -> Iterable[str]:
    """All text content: of the dialog, and of its transmissions, activities, attachments and actions."""
    parts = [dialog.title, dialog.summary, dialog.sender_name, dialog.additional_info]
    for transmission in dialog.transmissions:
        parts += [transmission.title, transmission.summary]
    parts += [activity.description for activity in dialog.activities]
    attachments = [*dialog.attachments, *(a for t in dialog.transmissions for a in t.attachments)]
    return [*(text for part in parts for text in part.values()), *(a.name for a in attachments)]


def _finds(wanted: str, text: str) -> bool:
    """Words are alternatives. With an operator (a phrase in quotes, `or`, a minus before a word) all must be found."""
    terms = [(minus, phrase or word) for minus, phrase, word in _TERM.findall(wanted)]
    if not any(minus or term == "or" for minus, term in terms) and '"' not in wanted:
        return any(term in text for _minus, term in terms)
    groups: list[list[bool]] = [[]]
    joined = False
    for minus, term in terms:
        if term == "or" and not minus:
            joined = True
            continue
        if not joined:
            groups.append([])
        groups[-1].append((term in text) != bool(minus))
        joined = False
    return all(any(group) for group in groups if group)


def read_moment(text: str) -> datetime | None:
    """An ISO time with an offset and up to seven decimals."""
    if not _ZONED.match(text):
        return None
    head, dot, tail = text.replace("Z", "+00:00").partition(".")
    digits = re.match(r"\d+", tail)
    if dot and digits:
        text = f"{head}.{digits[0][:6].ljust(6, '0')}{tail[digits.end() :]}"
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
