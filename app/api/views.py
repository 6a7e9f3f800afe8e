"""The API's addresses in Flask: every operation, the document that describes them, and the pages of the problems."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template
from werkzeug.exceptions import NotFound

from app.api import customers, disputes, orders, pay_links, payments  # noqa: F401 - declare their operations
from app.api.openapi import document
from app.api.operations import OPERATIONS, Operation, respond
from app.api.problems import PROBLEMS, ApiProblem, page_name
from app.operators.guards import public, requires
from app.troubles import problem

blueprint = Blueprint("api", __name__, url_prefix="/api")


@blueprint.app_errorhandler(ApiProblem)
def refuse(refused: ApiProblem) -> Response:
    """The refusals that only this door knows."""
    return problem(refused.status, refused.code, refused.detail, headers=refused.headers, **refused.extra)


@blueprint.get("/openapi.json")
@public
def openapi() -> Response:
    """The description of this API, for everybody."""
    return jsonify(document())


@blueprint.get("/problems/<name>")
@public
def problem_page(name: str) -> str:
    """What a problem's `type` leads to."""
    code = name.replace("-", "_")
    if code not in PROBLEMS or name != page_name(code):
        raise NotFound("There is no such problem.")
    return render_template("api/problem.html", code=code, kind=PROBLEMS[code])


def _serve(called: Operation) -> None:
    @requires(called.permission)
    def view(**path: Any) -> Response:
        return respond(called, path)

    rule = called.path.replace("{", "<").replace("}", ">")
    blueprint.add_url_rule(rule, called.name, view, methods=[called.method])


for _called in OPERATIONS:
    _serve(_called)
