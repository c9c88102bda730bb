"""Unknown paths and methods below Skatteetaten's prefix, in its own error format, with the nearest known path."""

from __future__ import annotations

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json
from ..routing import nearest, unknown_paths
from .catalogue import AMELDING, AMELDING_UPLOAD, CLAIMS, DEADLINES
from .errors import answer, spec

READ = {CLAIMS.label: "KB-003", DEADLINES.label: "FRI-003"}
AMLD_LABELS = (AMELDING.label, AMELDING_UPLOAD.label, "ameldingtilbakemelding")


@unknown_paths("/skatteetaten")
def unknown(call: Call, status: int, methods: list[str]) -> Response:
    path = call.request.path
    codes = "AMLD" if any(f"/{label}/" in path for label in AMLD_LABELS) else "GLD"
    if labels := [label for label in READ if path.startswith(f"/skatteetaten/{label}/")]:
        return as_json(
            {"kode": READ[labels[0]], "melding": "Ukjent url benyttet", "korrelasjonsid": call.state.uuid4()},
            status=404,
        )
    if status == 405:
        allowed = answer(call, "022", [], codes=codes, methods=methods)
        allowed.headers["Allow"] = ", ".join(methods)
        return allowed
    return answer(call, "021", [spec("1023", sti=path, codes=codes)], codes=codes, nearest=nearest(path))
