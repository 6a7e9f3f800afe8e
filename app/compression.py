"""Pages are sent compressed to whoever takes that: what has many like rows becomes ten times smaller."""

from __future__ import annotations

import gzip

from flask import Flask, Response, request

WORTH_IT_BYTES = 1000
_EFFORT = 5


def register_compression(app: Flask) -> None:
    """Compress pages and fragments. What their size tells of a form's token is of no use: it is new each second."""

    @app.after_request
    def compress(response: Response) -> Response:
        if response.mimetype != "text/html" or response.is_streamed or response.content_encoding:
            return response
        response.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"] > 0 and len(response.get_data()) >= WORTH_IT_BYTES:
            response.set_data(gzip.compress(response.get_data(), _EFFORT, mtime=0))
            response.headers["Content-Encoding"] = "gzip"
        return response
