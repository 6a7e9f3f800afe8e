"""Files out of installed packages: exactly those that were looked at, served so that they never change."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
import requests

from app.assets import OWN, PACKAGED, load
from app.folders import folder
from tests.app.screens.visitor import Visitor
from tests.clients import OrderService

PINNED = {
    "bootstrap.css": "d85327d99c7a3ee1f9b5d0500d1370acea3ad2db39c163c2f51f232baedbdede",
    "htmx.js": "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e",
}


@pytest.mark.parametrize("name", list(PACKAGED))
def test_a_packaged_file_is_the_one_that_was_looked_at(name: str) -> None:
    assert load(name, "").digest == PINNED[name]


def test_own_files_are_small_enough_to_be_read() -> None:
    sizes = {name: len(load(name, str(folder("static"))).compressed) for name in OWN}
    assert all(size < 10_000 for size in sizes.values()), sizes


def test_a_page_loads_its_files_for_good(visitor: Visitor, service: OrderService) -> None:
    link = service.pay_link(service.place())
    pages = visitor.get("/").text + visitor.get("/orders").text + requests.get(link["url"], timeout=10).text
    addresses = set(re.findall(r'(?:href|src)="(/assets/[^"]+)"', pages))
    assert {Path(address).name for address in addresses} == {*PACKAGED, *OWN}
    for address in addresses:
        answer = requests.get(visitor.url + address, headers={"Accept-Encoding": "identity"}, timeout=10)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        zipped = requests.get(visitor.url + address, headers={"Accept-Encoding": "gzip"}, stream=True, timeout=10)
        assert gzip.decompress(zipped.raw.read(decode_content=False)) == answer.content
        assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize("path", ["/assets/0000000000000000/htmx.js", "/assets/0000000000000000/secret_key"])
def test_another_address_has_nothing(visitor: Visitor, path: str) -> None:
    assert requests.get(visitor.url + path, timeout=10).status_code == 404
