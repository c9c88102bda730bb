"""How a key is named in each key service: read by the settings, and by the service itself."""

from __future__ import annotations

import re

VAULT = re.compile(r"(?P<mount>[\w-]+(?:/[\w-]+)*)/(?P<name>[\w.-]+)#(?P<version>[1-9][0-9]{0,5})", re.ASCII)
"""The version is a part of it: a key that is rotated in Vault is another key for Maskinporten."""
AWS_KMS = re.compile(
    r"arn:aws[\w-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:(?:key|alias)/[\w/-]+", re.ASCII
)  # fmt: skip
BY_SERVICE = {"vault": VAULT, "aws-kms": AWS_KMS}


def is_reference(text: str) -> bool:
    """Whether it names a service and a key in it: `vault:MOUNT/NAME#VERSION`, or `aws-kms:` and the ARN of a key."""
    service, _colon, key = text.partition(":")
    return service in BY_SERVICE and BY_SERVICE[service].fullmatch(key) is not None
