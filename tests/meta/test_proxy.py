"""The nginx of deploy/ lets through what the portal takes at each address, so that the portal tells its limits."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from portal.core.bodies import MB, rule_for
from tests.meta.test_addresses import OURS, address

FORM = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}
LOCATION = re.compile(r"location (~ )?(\S+) \{\s+client_max_body_size (\d+)m;")


def limit_of(path: str, locations: list[tuple[str, str, str]]) -> int:
    """In bytes: of the pattern that fits, else of the prefix."""
    fits = [int(most) for is_pattern, where, most in locations if is_pattern and re.search(where, path)]
    return MB * (fits or [int(most) for is_pattern, _where, most in locations if not is_pattern])[0]


def test_nginx_takes_a_little_more_than_the_portal_at_each_address() -> None:
    text = (Path(settings.BASE_DIR) / "deploy" / "nginx" / "portal.conf").read_text(encoding="utf-8")
    locations = LOCATION.findall(text)
    most = {address(route): rule_for(address(route), FORM).most for route, _pattern in OURS}

    assert len(locations) == 2
    assert {path: most for path, most in most.items() if limit_of(path, locations) <= most} == {}
    assert "proxy_request_buffering off;" in text.partition("location")[0]
