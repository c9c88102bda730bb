"""The feedback is on a host of its own, whose address is in the attachment: a token goes to Skatteetaten's hosts only."""

from __future__ import annotations

import pytest

from portal.gateways.skatteetaten.documents import ForeignAddress
from submissions.services import catalogue
from submissions.services.remote import skatteetatens_documents
from tests.gateways.conftest import remote
from tests.gateways.remote import Remote

__all__ = ["remote"]
SERVICE = catalogue.service("innrapportering-amelding")
TEST = "https://ameldingtilbakemelding.api.skatteetaten-test.no/v1/forsendelser/1"
PRODUCTION = "https://ameldingtilbakemelding.api.skatteetaten.no/v1/forsendelser/1"
SANDBOX = "http://{host}/skatteetaten/ameldingtilbakemelding/v1/forsendelser/1"


@pytest.mark.parametrize(("environment", "url"), [("TEST", TEST), ("PRODUCTION", PRODUCTION), ("SANDBOX", SANDBOX)])
def test_the_host_of_each_environment_is_allowed(remote: Remote, settings: object, environment: str, url: str) -> None:
    remote.says({"mottak": {}})
    own = str(settings.SANDBOX_URL).partition("//")[2]  # type: ignore[attr-defined]

    fetched = skatteetatens_documents(environment, SERVICE).document_at(url.format(host=own), token="a.b.c")

    assert fetched.content == b'{"mottak": {}}'
    assert remote.asked.headers["Authorization"] == "Bearer a.b.c"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("TEST", PRODUCTION),
        ("PRODUCTION", TEST),
        ("TEST", TEST.replace("https", "http")),
        ("PRODUCTION", "https://ameldingtilbakemelding.api.skatteetaten.no.evil.test/v1/forsendelser/1"),
    ],
)
def test_a_token_goes_to_no_other_host(remote: Remote, environment: str, url: str) -> None:
    with pytest.raises(ForeignAddress):
        skatteetatens_documents(environment, SERVICE).document_at(url, token="a.b.c")

    assert remote.requests == []
