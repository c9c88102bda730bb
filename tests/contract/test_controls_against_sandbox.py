"""The published controls of RF-1086: the portal warns of what the sandbox refuses, and both let the same rows pass."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import pytest

from portal.sandbox.skatteetaten import controls1086, forms1086
from submissions.adapters.rf1086 import Kind
from submissions.adapters.rf1086.controls import table
from submissions.adapters.rf1086.controls.codes import CODES
from tests.submissions.adapters.rf1086.control_cases import ALSO, CASES, PASS
from tests.submissions.adapters.rf1086.rows import form_with

BY_ID = {control.id: control for rows in controls1086.controls().values() for control in rows}
SURE = {"stated"}


def judged(control: str, row: str) -> tuple[set[str], set[str]]:
    """The texts of the sandbox's refusals, and the controls it warns of in its feedback."""
    kind = Kind.MAIN if control[0] == "H" else Kind.PART
    root: Element = forms1086.parse(form_with(kind, row).content)
    faults = forms1086.faults_of_main(root) if kind == Kind.MAIN else forms1086.faults_of_part(root)
    return {fault["melding"] for fault in faults}, {warned.id for warned in controls1086.warnings(root)}


@pytest.mark.parametrize(("control", "row"), [(control, bad) for control, bad, _good in CASES] + ALSO)
def test_the_sandbox_finds_the_same_fault(control: str, row: str) -> None:
    refusals, warnings = judged(control, row)

    if BY_ID[control].sure:
        assert BY_ID[control].text in refusals
    else:
        assert control in warnings


@pytest.mark.parametrize(("control", "row"), [(control, good) for control, _bad, good in CASES] + PASS)
def test_the_sandbox_lets_the_same_row_pass(control: str, row: str) -> None:
    refusals, warnings = judged(control, row)

    assert BY_ID[control].text not in refusals
    assert control not in warnings


def test_both_interpret_the_same_controls() -> None:
    ours = {control.code: control.reading in SURE for control in table.controls() if not control.code.startswith("X")}

    assert ours == {ident: control.sure for ident, control in BY_ID.items() if not ident.startswith("S-19")}


def test_both_have_the_same_code_lists() -> None:
    theirs = {frozenset(codes) for codes in controls1086._DATA["codes"].values()}

    assert theirs | {frozenset(controls1086._DATA["share_classes"]["codes"])} == set(CODES.values())
