"""The shareholder register report, RF-1086: one main form and a sub-form for each shareholder, as XML files.

Parsing is safe against hostile files; checking applies Skatteetaten's rules before anything is sent.
"""

from submissions.adapters.rf1086.checking import FileReport, NamedFile, check_file, check_package
from submissions.adapters.rf1086.findings import Finding, Level
from submissions.adapters.rf1086.parsing import MAX_FILE_BYTES, Form, Kind, Unreadable, read_form

__all__ = [
    "MAX_FILE_BYTES",
    "FileReport",
    "Finding",
    "Form",
    "Kind",
    "Level",
    "NamedFile",
    "Unreadable",
    "check_file",
    "check_package",
    "read_form",
]
