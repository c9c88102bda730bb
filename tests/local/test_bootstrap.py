"""The set-up of a clone tells how far it is."""

from __future__ import annotations

import sys

import pytest

from portal.local import bootstrap

PIP = """
import sys
print("Looking in indexes")
for n in range({packages}):
    print(f"Collecting package-{{n}}==1.0 (from -r requirements.lock)")
    print("  Using cached package")
print("Installing collected packages: package-0")
sys.exit({code})
"""


def run(packages: int, code: int = 0) -> None:
    command = [sys.executable, "-c", PIP.format(packages=packages, code=code)]
    bootstrap.show_progress(command, "installing requirements.lock", packages)


def test_a_line_for_every_few_packages(capsys: pytest.CaptureFixture[str]) -> None:
    run(40)

    assert capsys.readouterr().out.splitlines() == ["  15 of 40 …", "  30 of 40 …", "  All are here; unpacking them …"]


def test_a_failure_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(bootstrap.CannotSetUp, match=r"installing requirements.lock failed"):
        run(2, code=1)
