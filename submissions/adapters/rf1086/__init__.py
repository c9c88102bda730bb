"""The shareholder register report, RF-1086: one main form and a sub-form for each shareholder, as XML files.

Parsing is safe against hostile files; checking applies Skatteetaten's rules before anything is sent.
"""

from submissions.adapters.base import FileReport, Finding, Level, NamedFile
from submissions.adapters.rf1086.checking import check, inspect, replaces
from submissions.adapters.rf1086.parsing import MAX_FILE_BYTES, Form, Kind, Unreadable, read_form
from submissions.adapters.rf1086.texts import render

__all__ = [
    "MAX_FILE_BYTES",
    "FileReport",
    "Finding",
    "Form",
    "Kind",
    "Level",
    "NamedFile",
    "Unreadable",
    "check",
    "inspect",
    "read_form",
    "render",
    "replaces",
]
