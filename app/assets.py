"""Style sheets and scripts, our own and those of installed packages, each served under the hash of its content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, request, url_for

from app.operators.guards import public

blueprint = Blueprint("assets", __name__)

PACKAGED = {
    "bootstrap.css": ("Bootstrap-Flask", "flask_bootstrap/static/bootstrap5/css/bootstrap.min.css"),
    "htmx.js": ("django-js-lib-htmx", "js_lib_htmx/static/htmx/htmx.min.js"),
}
"""Files of installed packages: the distribution and the path in it. A test pins what they hold."""
OWN = (
    "charts.css",
    "charts.js",
    "checkout.css",
    "checkout.js",
    "columns.js",
    "desk.css",
    "desk.js",
    "lists.js",
    "live.js",
    "mark.svg",
    "rooms.css",
    "shell.js",
)
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    compressed: bytes
    digest: str
    media: str


@cache
def load(name: str, own_folder: str) -> Asset:
    """The file of that name; KeyError where there is none."""
    if name in PACKAGED:
        package, inside = PACKAGED[name]
        path = Path(str(distribution(package).locate_file(inside)))
    elif name in OWN:
        path = Path(own_folder) / name
    else:
        raise KeyError(name)
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Asset(content, gzip.compress(content, 9, mtime=0), digest, MEDIA[path.suffix])


def _find(name: str) -> Asset:
    assert current_app.static_folder is not None, "the app has a folder of static files"
    return load(name, current_app.static_folder)


def asset_url(name: str) -> str:
    """Where the file is; another address once its content is another."""
    return url_for("assets.serve", digest=_find(name).digest[:16], name=name)


@blueprint.get("/assets/<digest>/<name>")
@public
def serve(digest: str, name: str) -> Response:
    """The file, for a year: what is behind an address never changes."""
    try:
        asset = _find(name)
    except KeyError:
        abort(404)
    if digest != asset.digest[:16]:
        abort(404)
    zipped = request.accept_encodings["gzip"] > 0
    response = Response(asset.compressed if zipped else asset.content, mimetype=asset.media)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.vary.add("Accept-Encoding")
    return response
