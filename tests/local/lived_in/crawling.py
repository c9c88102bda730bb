"""Every address that a GET shows, with an address of real rows for it, found by following links as a person does."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from django.conf import settings
from django.test import Client
from django.urls import Resolver404, resolve
from lxml import html

from tests.meta.test_addresses import OURS, address

PATIENCE = 15
"""So many addresses of one route are opened without a template that its others have not shown: rows differ in their states."""
STAFF, STRANGERS = "/sandbox/", "/l/"
PAGED = {"file", "size", "sort", "after", "before"}
"""Parameters of addresses that show what another address shows too."""


@dataclass
class Crawl:
    """`pages`: the addresses that together show every template of each route. `statuses`: of addresses that show no page.

    `of_strangers`: addresses for customers that pages of staff name. Staff see other pages there.
    """

    client: Client
    beginning: str = STAFF
    pages: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    of_strangers: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)
    _in_vain: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _shown: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def walk(self, *first: str) -> None:
        waiting = deque(first)
        while waiting:
            waiting.extend(self._open(waiting.popleft()))

    def missing(self) -> list[str]:
        """The routes of which nothing was opened."""
        return [route for route, _pattern in OURS if route not in self.pages and route not in self.statuses]

    def try_missing(self) -> None:
        """Those that no link leads to, with the samples of their parameters."""
        for route in self.missing():
            self.walk(address(route))

    def _open(self, url: str) -> list[str]:
        if url.startswith(STRANGERS):
            self.of_strangers.add(url)
        route = self._route(url)
        if route is None or url in self._seen or self._in_vain[route] >= PATIENCE or 405 in self.statuses[route]:
            return []
        self._seen.add(url)
        self._in_vain[route] += 1
        reply: Any = self.client.get(url)
        content = reply.getvalue().strip()  # a file is closed when it is read
        if reply.status_code != 200 or not reply.get("Content-Type", "").startswith("text/html") or not content:
            self.statuses[route].add(reply.status_code)
            return []
        templates = {template.name for template in reply.templates if template.name}
        if new := templates - self._shown[route]:
            self._shown[route] |= new
            self._in_vain[route] = 0
            self.pages[route].append(url)
        return _links(url, content)

    def _route(self, url: str) -> str | None:
        parts = urlsplit(url)
        if not parts.path.startswith(self.beginning) or PAGED & parse_qs(parts.query).keys():
            return None
        try:
            return resolve(parts.path).route
        except Resolver404:
            return None


def _links(base: str, content: bytes) -> list[str]:
    """Where the page's links and forms lead; plain addresses first, as they show most."""
    tree = html.fromstring(content)
    found: Any = tree.xpath("//a/@href | //form/@action | //input[@readonly]/@value")
    local = (urlsplit(urljoin(base, str(link))) for link in found)
    hosts = ("", "testserver", urlsplit(settings.PORTAL_URL).netloc)
    urls = {f"{parts.path}?{parts.query}".rstrip("?") for parts in local if parts.netloc in hosts}
    return sorted(urls, key=lambda url: ("?" in url, url))
