"""`python -m portal.local.sbom`: what the portal is made of, as a CycloneDX document, from the two lock files. Standard library only.

https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
SPEC = "1.6"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def document(*, at: datetime) -> dict[str, Any]:
    """The application, with every Python package of requirements.lock and every npm package that pages use."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    components = [*python_packages(), *node_packages()]
    whole = {"type": "application", "bom-ref": "portal", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components, sort_keys=True)).urn,
        "version": 1,
        "metadata": {"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "component": whole},
        "components": components,
        "dependencies": [{"ref": "portal", "dependsOn": [component["bom-ref"] for component in components]}],
    }


def python_packages() -> list[dict[str, Any]]:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return [_library(f"pkg:pypi/{_normal(name)}@{version}", name, version) for name, version in _PINNED.findall(lock)]


def node_packages() -> list[dict[str, Any]]:
    """Without those of the tests."""
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    found = []
    for path, package in packages.items():
        if path and not package.get("dev"):
            name = path.rpartition("node_modules/")[2]
            purl = f"pkg:npm/{quote(name, safe='/')}@{package['version']}"
            found.append({**_library(purl, name, package["version"]), "hashes": [_digest(package["integrity"])]})
    return found


def _library(purl: str, name: str, version: str) -> dict[str, Any]:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _digest(integrity: str) -> dict[str, str]:
    """npm writes `sha512-` and base64."""
    kind, _, encoded = integrity.partition("-")
    return {"alg": f"SHA-{kind.removeprefix('sha')}", "content": base64.b64decode(encoded).hex()}


if __name__ == "__main__":
    made_at = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", datetime.now(UTC).timestamp())), UTC)
    json.dump(document(at=made_at), sys.stdout, indent=1)
    sys.stdout.write("\n")
