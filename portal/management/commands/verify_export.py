"""`manage.py verify_export`: checks a file with rows of the audit trail and their proof. The database is not asked."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.core.trail import proof_reading
from portal.core.trail.anchors import Anchor, NoAnchor, read

WITHOUT_KEY = (
    "AUDIT_KEYS lacks the key of this file. So much is certain without it: nothing in the file was changed since its last line was "
    "written, each row is one whose hash its seal holds, and each seal names the one before it. Whether the portal made the file and "
    "the seals is not: somebody without the key can make such a file."
)


class Command(BaseCommand):
    help = "Checks a file that was downloaded with proof from the report of who acted for which customer."
    requires_system_checks = ()  # none of them concerns a file

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--since", default="", metavar="ANCHOR", help="an anchor that was kept elsewhere: from a mail or a log"
        )
        parser.add_argument(
            "--anchors", type=Path, metavar="FILE", help="a file with anchors among other text: a log, or mails"
        )

    def handle(self, *args: Any, file: Path, since: str = "", anchors: Path | None = None, **options: Any) -> None:
        known = _known(since, anchors)
        try:
            with file.open("rb") as opened:
                proof = proof_reading.check(opened, anchors=known)
            compared = [anchor for anchor in known if proof.has_seal_of(anchor)]
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        except proof_reading.NotProved as error:
            raise CommandError(f"The file does not fit: {error}.") from error
        self._say(proof, known, compared)

    def _say(self, proof: proof_reading.Proof, known: list[Anchor], compared: list[Anchor]) -> None:
        about = proof.about
        self.stdout.write(f"Made {about.get('made_at', '')} by {about.get('made_by', '')}: {about.get('of', '')}")
        self.stdout.write(f"{proof.rows} rows, {proof.seals} seals.")
        if proof.has_key:
            self.stdout.write(
                "The portal's key made the seals and the file: all rows of the report are there, as they were sealed."
            )
        else:
            self.stdout.write(WITHOUT_KEY)
        if about.get("unsealed"):
            self.stdout.write(
                f"{about['unsealed']} rows were not sealed yet when the file was made, and are not in it."
            )
        if compared:
            self.stdout.write(f"The seals are those of {len(compared)} anchors that were given.")
        if len(known) > len(compared):
            self.stdout.write(f"{len(known) - len(compared)} anchors that were given are of seals outside of the file.")
        if not known:
            self.stdout.write(
                "No anchor from elsewhere was compared: whether somebody with the key made the trail anew is not known. Use --since "
                "or --anchors."
            )


def _known(since: str, file: Path | None) -> list[Anchor]:
    """Raises CommandError."""
    known: list[Anchor] = []
    try:
        if since:
            known += read(since)
        if file:
            known += read(file.read_text(encoding="utf-8", errors="replace"))
    except NoAnchor as error:
        raise CommandError(f"{'--since' if since and not file else '--anchors'}: {error}") from error
    except OSError as error:
        raise CommandError(f"--anchors: {file} cannot be read: {error.strerror}") from error
    return list(dict.fromkeys(known))
