"""`counterfoil sign-in-link` and `api-token`: ways in for people and for programs."""

from __future__ import annotations

import json

import click

from app.cli.database import checked, opened
from app.cli.options import Place, database_options, json_option
from app.clock import wall_now
from app.operators.people import list_operators
from app.operators.roles import Role
from app.operators.sign_in import LINK_LIVES, create_sign_in_link
from app.operators.tokens import create_api_token, hindrance_of, list_api_tokens, revoke_api_token

_ROLES = click.Choice([role.value for role in Role])


@click.command("sign-in-link")
@database_options
@click.option("--role", type=_ROLES, default=Role.ADMIN.value, show_default=True, help="What the link's user may do.")
@json_option
def sign_in_link(place: Place, role: str, as_json: bool) -> None:
    """Print a link that signs one person in, once, within 15 minutes.

    \b
    Examples
      counterfoil sign-in-link
      counterfoil sign-in-link --role viewer
    """
    settings = place.settings()
    checked(settings)
    with opened(settings):
        url = settings.public_url + create_sign_in_link(Role(role))
    if as_json:
        click.echo(json.dumps({"url": url, "role": role, "expires_at": (wall_now() + LINK_LIVES).isoformat()}))
    else:
        click.echo(url)


@click.group("api-token")
def api_token() -> None:
    """Tokens with which other programs use the order service's API.

    \b
    Examples
      counterfoil api-token create shop
      counterfoil api-token list --json
      counterfoil api-token revoke shop
    """


@api_token.command()
@database_options
@click.argument("name")
@click.option("--role", type=_ROLES, default=Role.OPERATOR.value, show_default=True, help="What the token may do.")
@json_option
def create(place: Place, name: str, role: str, as_json: bool) -> None:
    """Make a token called NAME and print it, this once: only its hash is kept.

    \b
    Example
      export TOKEN=$(counterfoil api-token create shop)
      curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8000/api/orders
    """
    settings = place.settings()
    checked(settings)
    with opened(settings):
        token = create_api_token(name, Role(role))
    click.echo(json.dumps({"name": name, "role": role, "token": token}) if as_json else token)


@api_token.command("list")
@database_options
@json_option
def list_tokens(place: Place, as_json: bool) -> None:
    """List the tokens that were made, newest first; never the tokens themselves."""
    settings = place.settings()
    checked(settings)
    with opened(settings):
        owners = {one.id: one for one in list_operators()}
        tokens = [
            {
                "name": token.name,
                "role": token.role,
                "created_at": token.created_at.isoformat(),
                "revoked_at": None if token.revoked_at is None else token.revoked_at.isoformat(),
                "hindrance": hindrance_of(token, owners.get(token.owner_id or "")),
            }
            for token in list_api_tokens()
        ]
    if as_json:
        click.echo(json.dumps({"data": tokens}))
        return
    for token in tokens:
        state = token["hindrance"] or "works"
        if token["revoked_at"] is not None:
            state = f"revoked {token['revoked_at'][:19]}Z"
        click.echo(f"{token['name']:<24} {token['role']:<10} made {str(token['created_at'])[:19]}Z  {state}")
    if not tokens:
        click.echo("There is no token yet: counterfoil api-token create NAME")


@api_token.command()
@database_options
@click.argument("name")
def revoke(place: Place, name: str) -> None:
    """Make the token called NAME useless from now on."""
    settings = place.settings()
    checked(settings)
    with opened(settings):
        revoke_api_token(name)
    click.echo(f"The token {name!r} works no more.")
