"""A vendor's own system that knows nothing but docs/api.md and docs/webhooks.md: customers in, links out, reports, and their verdicts.

It keeps its own books, and changes them by what webhooks tell. Files of reports are made by `files_of`, as a payroll program would.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

Files = Callable[["Report"], list[dict[str, str]]]


@dataclass
class Report:
    """A row of its books. `told`: what webhooks said of it, in the order in which it came."""

    orgnr: str
    service: str
    period: str
    is_wrong: bool
    reference: str = ""
    receipt: str = ""
    told: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        return self.told[-1].removeprefix("submission.") if self.told else ""


class Erp:
    """`seen`: the ids of the messages that it has worked on; each is worked on once."""

    def __init__(self, base: str, client_id: str, secret: str, reports: list[Report], files_of: Files) -> None:
        self.proof = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        self.http = httpx.Client(base_url=base, timeout=60, headers={"Accept-Language": "en"})
        self.reports, self.files_of = {report.orgnr: report for report in reports}, files_of
        self.by_reference: dict[str, Report] = {}
        self.accesses: dict[str, str] = {}
        self.seen: list[str] = []
        self.calls = self.repeated = 0

    def call(self, method: str, path: str, body: Any = None, *, key: str = "") -> Any:
        """The answer. Asks for a new token after a 401, waits after a 429, and asks again when no answer came."""
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            self.calls += 1
            try:
                reply = self.http.request(method, path, json=body, headers=headers)
            except httpx.TransportError:
                time.sleep(0.5)
                continue
            if reply.status_code == 401:
                self.http.headers["Authorization"] = f"Bearer {self.token()}"
            elif reply.status_code in (429, 503):
                time.sleep(int(reply.headers.get("Retry-After", "2")))
            else:
                assert reply.is_success, (method, path, reply.status_code, reply.text)
                return reply.json()

    def twice(self, path: str, body: Any, *, key: str) -> Any:
        """A POST whose first answer got lost on the way: the same again gives the same."""
        first, again = (self.call("POST", path, body, key=key) for _ in range(2))
        self.repeated += 1
        assert again == first, path
        return first

    def token(self) -> str:
        reply = self.http.post("token", data=self.proof).raise_for_status()
        token: str = reply.json()["access_token"]
        return token

    def bring_customers(self) -> None:
        rows = [{"orgnr": orgnr, "name": f"Kunde {orgnr} AS", "reference": orgnr[-4:]} for orgnr in self.reports]
        answer = self.twice("customers/bulk", {"rows": rows}, key="customers")
        assert answer["created"] == len(rows), answer

    def ask(self) -> list[str]:
        """For the first profile. Returns the link of each customer."""
        profile = self.call("GET", "profiles")[0]["id"]
        answer = self.twice("accesses/bulk", {"orgnrs": list(self.reports), "profile": profile}, key="asking")
        self.accesses = {row["reference"]: row["orgnr"] for row in answer["rows"]}
        assert answer["asked"] == len(self.reports), answer
        return [self.call("GET", f"accesses/{reference}/link")["url"] for reference in self.accesses]

    def work_on(self, messages: list[dict[str, Any]]) -> None:
        """What came since, in its order; what has been seen is dropped."""
        for message in messages:
            if message["id"] not in self.seen:
                self.seen.append(message["id"])
                self._work_on(message["type"], message["subject"].partition("/")[2])

    def _work_on(self, kind: str, name: str) -> None:
        if kind == "access.approved":
            self.send(self.reports[self.accesses[name]])
        elif kind.startswith("submission."):
            report = self.by_reference[name]
            report.told.append(kind)
            if report.verdict in ("accepted", "rejected"):
                self.read(report)

    def send(self, report: Report) -> None:
        """A draft, its conditions, and into the queue; each POST with a key of the row."""
        about = {"orgnr": report.orgnr, "service": report.service, "period": report.period}
        draft = self.twice("submissions", {**about, "files": self.files_of(report)}, key=f"report-{report.orgnr}")
        path = f"submissions/{draft['reference']}"
        while not draft["is_checked"]:
            time.sleep(0.2)
            draft = self.call("GET", path)
        conditions = self.call("GET", f"{path}/preflight")
        assert not conditions["problems"], conditions
        answer = {"confirm": [each["code"] for each in conditions["questions"]], "token": conditions["token"]}
        report.reference = draft["reference"]
        self.by_reference[report.reference] = report
        self.call("POST", f"{path}/queue", answer, key=f"queue-{report.orgnr}")

    def read(self, report: Report) -> None:
        """The receipt and what was answered: a message has ids only."""
        found = self.call("GET", f"submissions/{report.reference}")
        report.receipt = found["transmission_id"]
        assert (found["status"].lower(), bool(found["reasons"])) == (report.verdict, report.verdict == "rejected"), (
            found
        )

    def feed(self) -> list[dict[str, Any]]:
        """All that happened, from the pull twin of webhooks."""
        events: list[dict[str, Any]] = []
        page = self.call("GET", "events?limit=500")
        while page["items"]:
            events += page["items"]
            page = self.call("GET", f"events?limit=500&after={page['next']}")
        return events
