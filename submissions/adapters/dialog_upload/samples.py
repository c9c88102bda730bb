"""Example files for the sandbox: a small SAF-T."""

from __future__ import annotations

from submissions.adapters.base import About, NamedFile

NAMESPACE = "urn:StandardAuditFile-Taxation-Financial:NO"


def example(about: About, *, wrong: bool) -> NamedFile:
    """With `wrong`, the number of entries is one too high."""
    entries = 3 if wrong else 2
    lines = "".join(f"<Transaction><TransactionID>{n}</TransactionID></Transaction>" for n in (1, 2))
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<AuditFile xmlns="{NAMESPACE}"><Header><Company>'
        f"<RegistrationNumber>{about.orgnr}</RegistrationNumber></Company></Header><GeneralLedgerEntries>"
        f"<NumberOfEntries>{entries}</NumberOfEntries><Journal>{lines}</Journal></GeneralLedgerEntries></AuditFile>\n"
    )
    return NamedFile("saft-regnskap.xml", text.encode())
