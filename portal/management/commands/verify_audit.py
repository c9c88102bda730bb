"""`manage.py verify_audit`: walks the audit trail's hash chain and exits non-zero at the first row that does not fit."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.core import audit_chain
from portal.core.trail import anchors, verifying
from portal.core.trail.broken import Broken


class Command(BaseCommand):
    help = "Seals what is new and verifies the whole audit trail, against every anchor that is kept in AUDIT_ANCHORS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            default="",
            metavar="ANCHOR",
            help="another anchor: from a mail, a log, or an earlier run of this command",
        )
        parser.add_argument(
            "--anchors",
            type=Path,
            metavar="FILE",
            help="a file with anchors among other text: a log of the worker, or mails",
        )

    def handle(self, *args: Any, since: str = "", anchors: Path | None = None, **options: Any) -> None:
        known = _known(since, anchors)
        try:
            audit_chain.seal_all(at=timezone.now())
            verified = verifying.verify(anchors=known)
        except Broken as error:
            raise CommandError(f"The audit trail has been changed: {error}.") from error
        self.stdout.write(f"The audit trail is whole: {verified.rows} rows.")
        if not known:
            self.stdout.write(
                "No anchor was compared: whether the newest rows were removed, or all made anew, is not known."
            )
        self.stdout.write(f"Anchor: {verified.anchor}")


def _known(since: str, file: Path | None) -> list[anchors.Anchor]:
    """Raises CommandError."""
    known = anchors.kept()
    try:
        if since:
            known += anchors.read(since)
        if file:
            known += anchors.read(file.read_text(encoding="utf-8", errors="replace"))
    except anchors.NoAnchor as error:
        raise CommandError(f"{'--since' if since and not file else '--anchors'}: {error}") from error
    except OSError as error:
        raise CommandError(f"--anchors: {file} cannot be read: {error.strerror}") from error
    return known
