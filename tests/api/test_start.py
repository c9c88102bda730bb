"""The starts of docs/api.md as they stand there, and a client that a stock generator makes, against a running portal."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal.core.feed import publish
from submissions.models import Submission
from tests.api.erp import Erp
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.opened.rig import Desk
from tests.submissions.orders.rig import ALL, Rig, person
from tests.submissions.world import SERVICE, World, package
from tests.world import make_draft

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


def example(kind: str) -> str:
    found = re.search(
        rf"start of the {kind} example -->\n```\w+\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found
    return found[1]


@pytest.fixture
def surroundings(erp: Erp, world: World, live_server: Any, tmp_path: Path) -> dict[str, str]:
    """What a developer has set: the address, the integration, and files of a report."""
    names = []
    for name, content in package(make_draft(world.access, status="CANCELLED")):
        (tmp_path / name).write_bytes(content)
        names.append(str(tmp_path / name))
    return {
        "PATH": os.environ["PATH"], "BASE": f"{live_server.url}/api/v1", "CLIENT_ID": erp.integration.client_id,
        "CLIENT_SECRET": erp.secret, "ORGNR": CUSTOMER_ORGNR, "SERVICE": SERVICE, "PERIOD": "2025",
        "FILES": ":".join(names), "NO_PROXY": "*", "no_proxy": "*",
    }  # fmt: skip


def run(command: list[str], surroundings: dict[str, str]) -> str:
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_the_shell_start_makes_a_draft_and_sends_it(surroundings: dict[str, str]) -> None:
    told = run(["bash", "-euc", example("shell")], surroundings)

    row = Submission.objects.get(created_by="integration:erp")
    assert '"status": "READY"' in told
    assert '"status": "QUEUED"' in told
    assert (row.status, row.queued_by) == ("QUEUED", "integration:erp")


@pytest.mark.django_db(transaction=True)
def test_the_python_start_sends_a_report_to_its_receipt(world: World, surroundings: dict[str, str]) -> None:
    stop = threading.Event()

    def work() -> None:
        """What a worker does meanwhile."""
        from django.db import connection

        while not stop.wait(0.5):
            world.at = timezone.now()
            world.work_submissions()
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        told = run([sys.executable, "-c", example("Python")], surroundings)
    finally:
        stop.set()
        worker.join()

    assert told.splitlines()[0].startswith("READY")
    assert told.splitlines()[-1].startswith("DELIVERED ")
    assert len(world.received) == 1


GENERATED = """
import os, sys, uuid
sys.path.insert(0, sys.argv[1])
from systembruker_portal_api_client import AuthenticatedClient, Client
from systembruker_portal_api_client.api.accesses import ask_access, get_access_link, list_profiles
from systembruker_portal_api_client.api.customers import list_customers, put_customer
from systembruker_portal_api_client.api.dialogs import finish_dialog, get_dialog, get_letter, list_dialogs, list_letters
from systembruker_portal_api_client.api.documents import get_document
from systembruker_portal_api_client.api.events import list_events
from systembruker_portal_api_client.api.orders import get_answer, get_order, list_order_services, list_orders, place_order
from systembruker_portal_api_client.api.submissions import create_submission, queue_submission
from systembruker_portal_api_client.api.token import get_token
from systembruker_portal_api_client.models import (
    Asking, CustomerFields, InlineFile, ListDialogsGroup, ListDialogsTied, ListEventsType, ListLettersGroup, ListOrdersStatus,
    Ordering, ProblemShape, Queueing, Report, TokenRequest)

env, base = os.environ, os.environ["BASE"].removesuffix("/api/v1")
form = TokenRequest(grant_type="client_credentials", client_id=env["CLIENT_ID"], client_secret=env["CLIENT_SECRET"])
client = AuthenticatedClient(base, get_token.sync(client=Client(base), body=form).access_token)
put_customer.sync(env["ORGNR"], client=client, body=CustomerFields(name="Nordlys Eiendom AS"))
assert [row.orgnr for row in list_customers.sync(client=client).items] == [env["ORGNR"]]
files = [InlineFile(name=os.path.basename(name), text=open(name, encoding="utf-8").read()) for name in env["FILES"].split(":")]
report = Report(orgnr=env["ORGNR"], service=env["SERVICE"], period=env["PERIOD"], files=files)
made = create_submission.sync(client=client, body=report, idempotency_key=str(uuid.uuid4()))
print(queue_submission.sync(made.reference, client=client, body=Queueing(), idempotency_key=str(uuid.uuid4())).status)

put_customer.sync(env["OTHER"], client=client, body=CustomerFields(name="Sydlys AS"))
asking = Asking(orgnr=env["OTHER"], profile=list_profiles.sync(client=client)[-1].id)
asked = ask_access.sync(client=client, body=asking, idempotency_key=str(uuid.uuid4()))
assert get_access_link.sync(asked.reference, client=client).url.startswith("http")

cards = next(each for each in list_order_services.sync(env["ORGNR"], client=client) if each.takes_people)
order = Ordering(orgnr=env["ORGNR"], service=cards.service, period=env["YEAR"], people=[env["PERSON"]])
print(place_order.sync(client=client, body=order, idempotency_key=str(uuid.uuid4())).status)
wrong = Ordering(orgnr=env["ORGNR"], service=cards.service, period="1999")
refused = place_order.sync(client=client, body=wrong, idempotency_key=str(uuid.uuid4()))
assert isinstance(refused, ProblemShape) and refused.errors[0].field == "period", refused
fetched = list_orders.sync(client=client, status=ListOrdersStatus.FETCHED).items[0]
assert get_order.sync(fetched.reference, client=client).formats == ["csv", "xml", "json"]
assert len(get_answer.sync(fetched.reference, client=client)[0].rows) == 1

letter = get_letter.sync(list_letters.sync(client=client, group=ListLettersGroup.UNREAD).items[0].id, client=client)
assert get_document.sync_detailed(letter.content.documents[0].document, client=client).content
dialog = get_dialog.sync(letter.dialog, client=client)
assert [row.id for row in list_dialogs.sync(client=client, tied=ListDialogsTied.NO, group=ListDialogsGroup.OPEN).items] == [dialog.id]
done = finish_dialog.sync(dialog.id, client=client, idempotency_key=str(uuid.uuid4()), if_match=dialog.etag)
print("done" if done.handled_at else "not done")

page = list_events.sync(client=client, type_=ListEventsType.DOCUMENT_STORED)
print(sorted(event.subject.partition("/")[0] for event in page.items), page.has_more)
"""


@pytest.mark.django_db(transaction=True)
def test_a_generated_client_does_the_same_and_more(surroundings: dict[str, str], world: World, tmp_path: Path) -> None:
    Desk(world).letter()
    rig = Rig(world, "skattekorttilarbeidsgiver")
    rig.finish(rig.ask(kind=ALL, listed=person("4").encode()))
    publish.publish()
    surroundings |= {"OTHER": "310629499", "PERSON": person("4"), "YEAR": str(timezone.localdate().year)}
    made, settings = tmp_path / "made", tmp_path / "settings.yaml"
    settings.write_text("post_hooks: []\n", encoding="utf-8")
    generate = [
        "generate",
        "--path",
        str(DOCUMENT.with_name("openapi.json")),
        "--output-path",
        str(made),
        "--config",
        str(settings),
    ]

    run([sys.executable, "-m", "openapi_python_client", *generate, "--fail-on-warning"], surroundings)
    told = run([sys.executable, "-c", GENERATED, str(made)], surroundings)

    assert told.splitlines() == ["QUEUED", "QUEUED", "done", "['documents', 'orders'] False"]
