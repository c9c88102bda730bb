"""The settings of the storages: below DATA_DIR, or in a bucket when S3_BUCKET names one. Their layout is the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal.core.env import BadSetting, Env

FOLDER = "django.core.files.storage.FileSystemStorage"
BUCKET = "portal.core.storage.s3.S3Storage"
NAMES = (
    "S3_ENDPOINT", "S3_REGION", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_ADDRESSING", "S3_PREFIX", "S3_PLAIN_HTTP",
)  # fmt: skip
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")


def storages(env: Env, *, data: Path, is_local: bool) -> dict[str, dict[str, Any]]:
    """`documents` (ciphertext only) and `default` (the logo), for STORAGES. Raises BadSetting."""
    bucket = env.optional("S3_BUCKET")
    if bucket is None:
        lone = next((name for name in NAMES if env.optional(name)), None)
        if lone:
            raise BadSetting("S3_BUCKET", f"is not set, though {lone} is", example="portal-documents")
        modes = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {
            "default": {"BACKEND": FOLDER, "OPTIONS": {"location": data / "files"}},
            "documents": {"BACKEND": FOLDER, "OPTIONS": {"location": data / "documents", **modes}},
        }
    options, prefix = _options(env, bucket, is_local=is_local), _prefix(env)
    return {
        "default": {"BACKEND": BUCKET, "OPTIONS": {**options, "prefix": f"{prefix}files/"}},
        "documents": {"BACKEND": BUCKET, "OPTIONS": {**options, "prefix": f"{prefix}documents/"}},
    }


def _options(env: Env, bucket: str, *, is_local: bool) -> dict[str, Any]:
    if not _BUCKET.fullmatch(bucket):
        raise BadSetting("S3_BUCKET", f"is {bucket!r}, which is no name of a bucket", example="portal-documents")
    endpoint = _endpoint(env, is_local=is_local)
    addressing = env.choice("S3_ADDRESSING", among=("path", "virtual"), default="path" if endpoint else "virtual")
    if addressing == "virtual" and "." in bucket:
        problem = "has a dot: no certificate fits the host name that it would be a part of"
        raise BadSetting("S3_BUCKET", problem, example=bucket.replace(".", "-"))
    region = env.text("S3_REGION", example="eu-north-1", default="us-east-1" if endpoint else None)
    access_key, secret_key = env.optional("S3_ACCESS_KEY_ID"), env.optional("S3_SECRET_ACCESS_KEY")
    if (access_key is None) != (secret_key is None):
        missing, other = ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")[:: 1 if access_key is None else -1]
        raise BadSetting(missing, f"is not set, though {other} is", example="what the owner of the bucket gave you")
    return {
        "bucket": bucket, "endpoint": endpoint, "region": region, "addressing": addressing,
        "access_key": access_key, "secret_key": secret_key,
    }  # fmt: skip


def _endpoint(env: Env, *, is_local: bool) -> str | None:
    """None: Amazon's, of the region."""
    if env.optional("S3_ENDPOINT") is None:
        return None
    example = "https://s3.example.no"
    endpoint = env.url("S3_ENDPOINT", schemes=("https", "http"), example=example)
    parts = urlsplit(endpoint)
    if parts.path or parts.query or parts.username or not parts.hostname:
        problem = "must be a host, with a port where needed, and nothing else; the bucket is S3_BUCKET"
        raise BadSetting("S3_ENDPOINT", problem, example=example)
    if parts.scheme == "http" and not is_local and not env.bool("S3_PLAIN_HTTP", default=False):
        problem = "is http, where everybody on the way can read and change; S3_PLAIN_HTTP=true allows it"
        raise BadSetting("S3_ENDPOINT", problem, example=example)
    return endpoint


def _prefix(env: Env) -> str:
    """With a slash at its end; "" for none."""
    prefix = (env.optional("S3_PREFIX") or "").strip("/")
    if prefix and not _PREFIX.fullmatch(prefix):
        problem = f"is {prefix!r}, but may have letters, digits, '-', '_' and '/' only"
        raise BadSetting("S3_PREFIX", problem, example="portal")
    return f"{prefix}/" if prefix else ""
