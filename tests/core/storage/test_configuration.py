"""The settings of the storages: a folder without S3_BUCKET, else a bucket, and a hint for each way of getting it wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from portal.core.env import BadSetting, Env
from portal.core.storage.configuration import BUCKET, FOLDER, storages

GOOD = {
    "S3_BUCKET": "portal-documents",
    "S3_ENDPOINT": "https://s3.example.no",
    "S3_ACCESS_KEY_ID": "id",
    "S3_SECRET_ACCESS_KEY": "secret",
}


def made(*, is_local: bool = False, **values: str) -> dict[str, dict[str, Any]]:
    return storages(
        Env({name: value for name, value in values.items() if value}), data=Path("/data"), is_local=is_local
    )


def test_without_a_bucket_files_are_in_the_data_folder() -> None:
    result = made()

    assert [result[name]["BACKEND"] for name in ("documents", "default")] == [FOLDER, FOLDER]
    assert result["documents"]["OPTIONS"]["location"] == Path("/data/documents")


def test_with_a_bucket_both_kinds_are_in_it_as_they_are_in_the_folder() -> None:
    result = made(**GOOD, S3_PREFIX="/one/two/")

    assert [result[name]["BACKEND"] for name in ("documents", "default")] == [BUCKET, BUCKET]
    assert [result[name]["OPTIONS"]["prefix"] for name in ("documents", "default")] == [
        "one/two/documents/",
        "one/two/files/",
    ]
    assert result["documents"]["OPTIONS"]["addressing"] == "path"


def test_at_amazon_the_region_is_enough_and_buckets_are_host_names() -> None:
    options = made(S3_BUCKET="portal-documents", S3_REGION="eu-north-1")["documents"]["OPTIONS"]

    assert (options["endpoint"], options["region"], options["addressing"]) == (None, "eu-north-1", "virtual")
    assert (options["access_key"], options["secret_key"]) == (None, None)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"S3_BUCKET": ""}, "S3_BUCKET is not set, though S3_ENDPOINT is"),
        ({"S3_BUCKET": "Portal_documents"}, "S3_BUCKET is 'Portal_documents', which is no name of a bucket"),
        ({"S3_BUCKET": "portal.documents", "S3_ADDRESSING": "virtual"}, "S3_BUCKET has a dot"),
        ({"S3_ENDPOINT": ""}, "S3_REGION is not set"),
        ({"S3_ENDPOINT": "ftp://s3.example.no"}, "S3_ENDPOINT must begin with https:// or http://"),
        ({"S3_ENDPOINT": "https://s3.example.no/bucket"}, "S3_ENDPOINT must be a host"),
        ({"S3_ENDPOINT": "http://s3.example.no"}, "S3_ENDPOINT is http, .* S3_PLAIN_HTTP=true allows it"),
        ({"S3_ACCESS_KEY_ID": ""}, "S3_ACCESS_KEY_ID is not set, though S3_SECRET_ACCESS_KEY is"),
        ({"S3_SECRET_ACCESS_KEY": ""}, "S3_SECRET_ACCESS_KEY is not set, though S3_ACCESS_KEY_ID is"),
        ({"S3_ADDRESSING": "host"}, "S3_ADDRESSING is 'host', but must be one of path, virtual"),
        ({"S3_PREFIX": "../other"}, "S3_PREFIX is '../other'"),
    ],
)
def test_what_does_not_fit_together_is_named(values: dict[str, str], problem: str) -> None:
    with pytest.raises(BadSetting, match=problem):
        made(**{**GOOD, **values})


def test_a_password_in_the_address_is_refused_and_not_shown() -> None:
    with pytest.raises(BadSetting, match="S3_ENDPOINT must be a host") as caught:
        made(**{**GOOD, "S3_ENDPOINT": "https://me:hunter2@s3.example.no"})

    assert "hunter2" not in str(caught.value)


def test_plain_http_is_for_a_machine_of_ones_own_or_for_whoever_says_so() -> None:
    plain = {**GOOD, "S3_ENDPOINT": "http://s3.example.no"}

    assert made(**plain, is_local=True)["documents"]["OPTIONS"]["endpoint"] == "http://s3.example.no"
    assert made(**plain, S3_PLAIN_HTTP="true")["documents"]["OPTIONS"]["endpoint"] == "http://s3.example.no"


def test_the_keys_may_be_in_files(tmp_path: Path) -> None:
    for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"):
        (tmp_path / name).write_text(f"of {name}\n")
    files = {f"{name}_FILE": str(tmp_path / name) for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")}
    options = made(S3_BUCKET="portal-documents", S3_REGION="eu-north-1", **files)["documents"]["OPTIONS"]

    assert (options["access_key"], options["secret_key"]) == ("of S3_ACCESS_KEY_ID", "of S3_SECRET_ACCESS_KEY")
