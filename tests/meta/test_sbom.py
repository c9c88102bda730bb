"""The bill of materials follows CycloneDX's own schema, and names every package that is installed in production."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from portal.local import sbom

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)


def test_it_follows_the_schema() -> None:
    text = json.dumps(sbom.document(at=AT))

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_it_names_every_package_of_the_locks_once() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pinned = {line.partition("==")[0] for line in lock.splitlines() if re.match(r"[a-z0-9]", line, re.IGNORECASE)}

    refs = [component["bom-ref"] for component in sbom.document(at=AT)["components"]]

    assert len(refs) == len(set(refs))
    assert {component["name"] for component in sbom.python_packages()} == pinned
    assert {"@digdir/designsystemet-css"} <= {component["name"] for component in sbom.node_packages()}
    assert "axe-core" not in {component["name"] for component in sbom.node_packages()}


def test_it_is_the_same_for_the_same_locks() -> None:
    assert sbom.document(at=AT) == sbom.document(at=AT)
