"""How a key is named in each key service: read by the settings, and by the service itself."""

from __future__ import annotations

import re

VAULT = re.compile(r"(?P<mount>[\w-]+(?:/[\w-]+)*)/(?P<name>[\w.-]+)#(?P<version>[1-9][0-9]{0,5})", re.ASCII)
"""The version is a part of it: a key that is rotated in Vault is another key for Maskinporten."""
AWS_KMS = re.compile(
    r"arn:aws[\w-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:(?:key|alias)/[\w/-]+", re.ASCII
)  # fmt: skip
GCP_KMS = re.compile(
    r"projects/[a-z0-9.:-]+/locations/[a-z0-9-]+/keyRings/[\w-]+/cryptoKeys/[\w-]+/cryptoKeyVersions/[1-9][0-9]{0,8}", re.ASCII
)  # fmt: skip
AZURE = re.compile(r"(?P<vault>[A-Za-z0-9-]{3,24})/(?P<name>[A-Za-z0-9-]{1,127})/(?P<version>[0-9a-f]{32})", re.ASCII)
BY_SERVICE = {"vault": VAULT, "aws-kms": AWS_KMS, "gcp-kms": GCP_KMS, "azure": AZURE}


def is_reference(text: str) -> bool:
    """Whether it names a service and a key in it, such as `vault:MOUNT/NAME#VERSION`."""
    service, _colon, key = text.partition(":")
    return service in BY_SERVICE and BY_SERVICE[service].fullmatch(key) is not None
