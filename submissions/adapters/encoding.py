"""Files go out byte for byte, in the encoding that they name themselves: their hash is that of what a person approved.

No public page says whether Skatteetaten takes another encoding than UTF-8. So a person is told before the file is sent.
"""

from __future__ import annotations

from submissions import safe_xml
from submissions.adapters.base import Finding, Level, NamedFile


def of_xml(file: NamedFile) -> list[Finding]:
    """A warning for a readable XML file that is not UTF-8."""
    name = safe_xml.other_encoding(file.content)
    return [Finding(Level.WARNING, "OTHER_ENCODING", {"name": name}, file.name, 1)] if name else []
