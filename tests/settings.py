"""The portal's settings for tests: a laptop's, with throw-away data, no pool, cheap passwords and loud templates."""

import atexit
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from types import FrameType

from django.template import Node

from portal.local import embedded

os.environ["PORTAL_MODE"] = "local"
if "PORTAL_TEST_DATA" not in os.environ:  # the workers of a parallel run inherit the folder of the run
    os.environ["PORTAL_TEST_DATA"] = tempfile.mkdtemp(prefix="portal-tests-")
    Path(os.environ["PORTAL_TEST_DATA"]).chmod(0o711)
    atexit.register(shutil.rmtree, os.environ["PORTAL_TEST_DATA"], ignore_errors=True)
os.environ["DATA_DIR"] = os.environ["PORTAL_TEST_DATA"]
os.environ.setdefault("DATABASE_POOL_SIZE", "0")
if worker := os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"):  # each worker empties a Valkey of its own
    _url = os.environ.get("REDIS_URL") or embedded.redis_url(Path(os.environ["DATA_DIR"]))
    _place = f"?db={int(worker) + 1}" if _url.startswith("unix:") else f"/{int(worker) + 1}"
    os.environ["REDIS_URL"] = re.sub(r"(?<=[^/:])/\d+$|/$|\?db=\d+$", "", _url) + _place
os.environ.setdefault("SANDBOX_URL", "http://sandbox.test")
os.environ.setdefault("LOG_LEVEL", "WARNING")

from portal.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASE_OWNER:  # noqa: F405 - tests build and empty tables; those of the application's rights have connections of their own
    DATABASES["default"] |= {name: DATABASE_OWNER[name] for name in ("USER", "PASSWORD")}  # type: ignore[dict-item]  # noqa: F405
AUDIT_ANCHORS = DATA_DIR / f"audit-anchors-{worker}"  # noqa: F405
STEP_UP_MINUTES = 0  # tests of acts log in by force, which proves nothing; tests/accounts/test_step_up.py asks
OUTBOX_MAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405

# Static files come from where they are written: no test waits for collectstatic.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True


class UnknownVariable(str):
    """Stands for a variable no context has. Fails the test in our own templates; Django's own lean on blanks."""

    __slots__ = ()

    def __contains__(self, part: object) -> bool:
        return part == "%s" or super().__contains__(part)  # type: ignore[operator]

    def __mod__(self, name: object) -> str:
        origin = _template_of(sys._getframe(1))
        if origin.startswith(str(BASE_DIR / "templates")):  # noqa: F405
            raise AssertionError(f"{origin} uses {name}, which its context does not have")
        return ""


def _template_of(frame: FrameType | None) -> str:
    """The file of the innermost template node being rendered."""
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None):
            return str(node.origin.name)
        frame = frame.f_back
    return ""


TEMPLATES[0]["OPTIONS"] |= {"string_if_invalid": UnknownVariable()}  # type: ignore[operator]  # noqa: F405
