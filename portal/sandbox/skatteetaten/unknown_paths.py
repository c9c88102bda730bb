"""Unknown paths and methods below Skatteetaten's prefix, in its own error format, with the nearest known path."""

from __future__ import annotations

from werkzeug.wrappers import Response

from ..kernel import Call
from ..routing import nearest, unknown_paths
from .catalogue import AMELDING, AMELDING_UPLOAD
from .errors import answer, spec

AMLD_LABELS = (AMELDING.label, AMELDING_UPLOAD.label, "ameldingtilbakemelding")


@unknown_paths("/skatteetaten")
def unknown(call: Call, status: int, methods: list[str]) -> Response:
    path = call.request.path
    codes = "AMLD" if any(f"/{label}/" in path for label in AMLD_LABELS) else "GLD"
    if status == 405:
        allowed = answer(call, "022", [], codes=codes, methods=methods)
        allowed.headers["Allow"] = ", ".join(methods)
        return allowed
    return answer(call, "021", [spec("1023", sti=path, codes=codes)], codes=codes, nearest=nearest(path))
