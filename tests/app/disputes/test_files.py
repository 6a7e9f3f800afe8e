"""Files of evidence: what is taken, by its content; what is refused, by name; and how they come back."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import requests

from tests.app.disputes.desk import Desk
from tests.app.screens.visitor import Read, Visitor
from tests.clients import TIMEOUT, Json

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + b"\x10JFIF\x00" * 9
PDF = b"%PDF-1.7\n" + b"1 0 obj\n" * 9
MB = 1024 * 1024
Files = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def dispute(desk: Desk) -> Json:
    """One to which files are attached; refused ones leave it as it is."""
    return desk.opened(desk.captured())


def attach(desk: Desk, dispute: Json, files: Files, **written: Any) -> requests.Response:
    """Send the form with files."""
    at = f"{desk.visitor.url}/disputes/{dispute['id']}/evidence"
    fields = desk.visitor.read(at).fields
    fields = {name: value for name, value in fields.items() if name not in ("files", "remove")}
    sent = [("files", (name, content, "application/octet-stream")) for name, content in files]
    form = fields | {"shows": "receipt"} | written
    return desk.visitor.session.post(at, data=form, files=sent, timeout=TIMEOUT)


def standing(desk: Desk, dispute: Json) -> list[Json]:
    """The files that are attached, as the API tells them."""
    return list(desk.finance.call("GET", f"/disputes/{dispute['id']}").json()["evidence"]["files"])


REFUSED: dict[str, tuple[Files, str]] = {
    "a page named as a picture": (
        [("proof.png", b"<html><script>alert(1)</script>\x00")],
        "proof.png is neither a PNG",
    ),
    "a program": ([("a.exe", b"MZ\x90\x00\x03")], "a.exe is neither a PNG"),
    "no UTF-8": ([("a.txt", b"\xe4\xf6")], "a.txt is neither a PNG"),
    "empty": ([("empty.txt", b"")], "empty.txt is empty"),
    "too large": ([("large.pdf", PDF + b" " * (5 * MB))], "large.pdf is larger than 5 MB"),
    "the same twice": ([("a.png", PNG), ("b.png", PNG)], "b.png is attached already"),
    "too many": ([(f"{number}.txt", f"{number}".encode()) for number in range(11)], "At most 10 files"),
    "too large together": (
        [(f"{number}.txt", f"{number}".encode() + b" " * (4 * MB + MB // 4)) for number in range(5)],
        "larger than 20 MB together",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_evidence_is_refused_by_name_and_nothing_typed_is_lost(desk: Desk, dispute: Json, case: str) -> None:
    files, words = REFUSED[case]
    answer = attach(desk, dispute, files, shipping_date="2025-11-20")
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="2025-11-20"' in answer.text
    assert standing(desk, dispute) == []


def test_a_file_for_no_field_and_a_text_too_long_are_refused(desk: Desk, dispute: Json) -> None:
    assert "Choose what the file shows" in attach(desk, dispute, [("a.png", PNG)], shows="nothing").text
    long = attach(desk, dispute, [], explanation="x" * 4001)
    assert long.status_code == 422
    assert "At most 4000 characters" in long.text
    together = dict.fromkeys(("explanation", "receipt", "access_log", "refund_policy"), "x" * 4000)
    assert "At most 12000 characters" in attach(desk, dispute, [], **together).text


def test_files_are_kept_sent_by_name_and_come_back_as_attachments(desk: Desk) -> None:
    dispute = desk.opened(desk.captured(), "dispute_unrecognized")
    names = [
        ("../../etc/re<ce>ipt.html", JPEG),
        ("Quittung für Ann.png", PNG),
        ("notes", b"Handed over.\n"),
        ("x.pdf", PDF),
    ]
    assert attach(desk, dispute, names, product_description="A mug").status_code == 200
    kept = standing(desk, dispute)
    assert [(file["name"], file["content_type"]) for file in kept] == [
        ("re_ce_ipt.html.jpg", "image/jpeg"),
        ("Quittung für Ann.png", "image/png"),
        ("notes.txt", "text/plain"),
        ("x.pdf", "application/pdf"),
    ]
    for file, (_, content) in zip(kept, names, strict=True):
        answer = desk.visitor.get(f"/disputes/{dispute['id']}/files/{file['id']}")
        assert answer.content == content
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert answer.headers["Content-Type"].partition(";")[0] == file["content_type"]
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["Cache-Control"] == "no-store"
    assert (
        "filename*=UTF-8''Quittung%20f%C3%BCr%20Ann.png"
        in desk.visitor.get(f"/disputes/{dispute['id']}/files/{kept[1]['id']}").headers["Content-Disposition"]
    )
    other = desk.opened(desk.captured())
    assert desk.visitor.get(f"/disputes/{other['id']}/files/{kept[0]['id']}").status_code == 404

    assert attach(desk, dispute, [], remove=kept[2]["id"]).status_code == 200
    assert [file["name"] for file in standing(desk, dispute)] == [kept[0]["name"], kept[1]["name"], kept[3]["name"]]
    told = desk.submit(dispute["id"])["evidence"]
    assert [(file["field"], file["name"], file["sha256"]) for file in told["files"]] == [
        ("receipt", file["name"], file["sha256"]) for file in standing(desk, dispute)
    ]
    assert told["missing"] == [], "a file gives the field that it shows"
    assert attach_closed(desk, dispute) == 409


def attach_closed(desk: Desk, dispute: Json) -> int:
    """What the form answers once the evidence is sent."""
    return desk.visitor.get(f"/disputes/{dispute['id']}/evidence").status_code


def test_a_body_larger_than_all_files_together_is_not_taken_in(desk: Desk, dispute: Json) -> None:
    answer = attach(desk, dispute, [(f"{number}.txt", b" " * (5 * MB)) for number in range(6)])
    assert answer.status_code == 413


@pytest.mark.parametrize("role", ["operator", "developer", "viewer"])
def test_only_who_answers_disputes_may_change_one(desk: Desk, dispute: Json, role: str) -> None:
    visitor = Visitor(desk.stack, role)
    page = visitor.read(f"/disputes/{dispute['id']}")
    assert page.href("Gather evidence") is None
    token = {"csrf_token": page.fields["csrf_token"]}
    for path in ("evidence", "submit", "accept"):
        assert visitor.get(f"/disputes/{dispute['id']}/{path}").status_code == 403
    for path in ("evidence", "submission", "acceptance", "sync"):
        assert visitor.post(f"/disputes/{dispute['id']}/{path}", token).status_code == 403
    assert desk.told(dispute["id"]) == dispute


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("yesterday", "Write a day like 2026-11-23."),
        ("20.11.2025", "Write a day like 2026-11-23."),
        ("20251120", "Write a day like 2026-11-23."),
        ("2025-02-30", "Write a day like 2026-11-23."),
        ("9999-12-31", "That day is still to come"),
    ],
)
def test_what_is_no_past_day_is_told_at_its_field_and_nothing_is_lost(desk: Desk, written: str, said: str) -> None:
    dispute = desk.opened(desk.captured())
    at = f"/disputes/{dispute['id']}/evidence"
    days = {"shipping_date": written, "service_date": written}
    answer = desk.visitor.send(at, at, **days, shipping_carrier="DHL")
    page = Read(answer.text)
    assert answer.status_code == 422
    assert page.text.count(said) == 2
    assert days.items() <= page.fields.items()
    assert page.fields["shipping_carrier"] == "DHL"
    assert desk.row(dispute["id"])["draft"] is None
    told = desk.finance.call("POST", f"/disputes/{dispute['id']}/evidence", {"fields": days})
    assert (told.status_code, told.json()["param"]) == (422, "/fields/shipping_date")
    assert 'type="date"' in desk.visitor.get(at).text
