"""The stream of what changed, for open pages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from flask import Blueprint, Response, current_app, request
from flask.blueprints import BlueprintSetupState
from flask_login import current_user
from werkzeug.exceptions import ServiceUnavailable

from app.errors import InvalidInput
from app.live.streams import Full, Stream, Streams
from app.operators.guards import requires
from app.operators.models import hash_of
from app.operators.roles import Permission

blueprint = Blueprint("live", __name__)

TRY_AGAIN_AFTER_SECONDS = 30
_POSITION = re.compile(r"[0-9]{1,18}", re.ASCII)


@blueprint.record
def _prepare(state: BlueprintSetupState) -> None:
    state.app.extensions["live"] = Streams(state.app.config["SETTINGS"].threads)


@blueprint.get("/live")
@requires(Permission.READ)
def stream() -> Response:
    """What changed (`text/event-stream`), from the `id` in Last-Event-ID or `?after=` on; 503 when too many are open.

    Events: `change` {entry, kind, order, payment}, `many` (too much to list), `here` (all missed has been told), `end`
    (signed out).
    """
    streams: Streams = current_app.extensions["live"]
    try:
        opened = streams.open(
            hash_of(current_user.get_id()), request.environ.get("gunicorn.socket"), _position_of_client()
        )
    except Full:
        raise ServiceUnavailable(
            "Too many pages are being kept up to date. This one looks again by itself every half a minute.",
            retry_after=TRY_AGAIN_AFTER_SECONDS,
        ) from None
    response = Response(_lines(opened), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
    response.call_on_close(lambda: streams.close(opened))
    return response


def _lines(opened: Stream) -> Iterator[str]:
    yield "retry: 2000\n\n"
    yield from opened.sent()


def _position_of_client() -> int | None:
    given = request.headers.get("Last-Event-ID") or request.args.get("after")
    if given is None:
        return None
    if not _POSITION.fullmatch(given):
        raise InvalidInput("/after", "invalid_position", "Give the id of the last event that came, or leave it out.")
    return int(given)
