"""Uploads to a dialog: what is sent, and what the answers mean."""

from __future__ import annotations

import pytest

from portal.gateways.errors import BrokenReply
from portal.gateways.skatteetaten.dialog_upload import DialogUpload, UploadFailed
from tests.gateways.remote import Remote

GATEWAY = DialogUpload(base_url="https://kontroll.example/v1")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("saft.xml", 'attachment; filename="saft.xml"'),
        ("årsregnskap.xml", "attachment; filename*=UTF-8''%C3%A5rsregnskap.xml"),
        ('a"b.xml', "attachment; filename*=UTF-8''a%22b.xml"),
    ],
)
def test_the_name_of_a_file_goes_in_a_header(remote: Remote, name: str, header: str) -> None:
    remote.says({"id": "u-1", "status": "LASTER_OPP", "feilliste": None})

    upload = GATEWAY.upload(token="t", dialog_id="d/1", filename=name, content=b"<a/>")

    assert (upload.id, upload.is_ready) == ("u-1", False)
    assert remote.asked.headers["content-disposition"] == header
    assert remote.asked.url.raw_path == b"/v1/dialoger/d%2F1/opplastinger"


def test_a_failed_validation_is_a_refusal_with_its_faults(remote: Remote) -> None:
    remote.says([{"id": "u-1", "status": "VALIDERING_FEILET", "feilliste": [{"kode": "GLD_1070", "melding": "Virus"}]}])

    with pytest.raises(UploadFailed) as caught:
        GATEWAY.look(token="t", dialog_id="d", upload_id="u-1")

    assert (caught.value.code, caught.value.details[0].text) == ("GLD_1070", "Virus")


def test_an_unknown_status_goes_on(remote: Remote) -> None:
    remote.says([{"id": "u-1", "status": "NOE_NYTT"}])

    assert not GATEWAY.look(token="t", dialog_id="d", upload_id="u-1").is_ready


@pytest.mark.parametrize("body", [[], {}, "x", [{"status": "KLAR_TIL_INNSENDING"}]])
def test_an_answer_of_another_shape_is_broken(remote: Remote, body: object) -> None:
    remote.says(body)

    with pytest.raises(BrokenReply):
        GATEWAY.look(token="t", dialog_id="d", upload_id="u-1")


def test_a_number_in_the_text_of_a_fault_is_hidden(remote: Remote) -> None:
    fault = {"kode": "GLD_1070", "melding": "Personen 13097248022 finnes ikke"}
    remote.says([{"id": "u-1", "status": "VALIDERING_FEILET", "feilliste": [fault]}])

    with pytest.raises(UploadFailed) as caught:
        GATEWAY.look(token="t", dialog_id="d", upload_id="u-1")

    assert caught.value.details[0].text == "Personen *********** finnes ikke"
