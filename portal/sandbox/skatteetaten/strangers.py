"""Unknown paths and methods below Skatteetaten's prefix, in its own words, with the nearest path the sandbox knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..routing import nearest, strangers
from .catalogue import AMELDING, AMELDING_UPLOAD
from .errors import answer, spec

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from ..app import Call

AMLD_LABELS = (AMELDING.label, AMELDING_UPLOAD.label, "ameldingtilbakemelding")


@strangers("/skatteetaten")
def unknown(call: Call, status: int, methods: list[str]) -> Response:
    path = call.request.path
    codes = "AMLD" if any(f"/{label}/" in path for label in AMLD_LABELS) else "GLD"
    if status == 405:
        allowed = answer(call, "022", [], codes=codes, methods=methods)
        allowed.headers["Allow"] = ", ".join(methods)
        return allowed
    return answer(call, "021", [spec("1023", sti=path, codes=codes)], codes=codes, nearest=nearest(path))
