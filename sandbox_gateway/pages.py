"""Addresses for people and for supervisors: health, the pages of problem types, and the browsable documentation."""

from flask import Flask, Response, abort, jsonify, render_template

from sandbox_gateway.problems import KINDS, Problem
from sandbox_gateway.routes import Gateway

_PAGE_CSP = "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
_DOCS_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


def add_to(app: Flask, gateway: Gateway) -> None:
    def healthz() -> Response:
        return jsonify(status="ok")

    def readyz() -> Response:
        if not gateway.store.answers():
            raise Problem("unavailable", "The database does not answer.", headers={"Retry-After": "1"})
        return jsonify(status="ok")

    def problem_index() -> Response:
        return _page("problems.html", kinds=KINDS)

    def problem_page(name: str) -> Response:
        code = name.replace("-", "_")
        if code not in KINDS or "_" in name:
            abort(404)
        return _page("problem.html", code=code, kind=KINDS[code])

    def docs() -> Response:
        return _page("docs.html", csp=_DOCS_CSP)

    for path, view in (
        ("/healthz", healthz),
        ("/readyz", readyz),
        ("/problems/", problem_index),
        ("/problems/<name>", problem_page),
        ("/docs", docs),
    ):
        app.add_url_rule(path, view.__name__, view, methods=["GET"], provide_automatic_options=False)


def _page(template: str, *, csp: str = _PAGE_CSP, **values: object) -> Response:
    response = Response(render_template(template, **values), content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = csp
    return response
