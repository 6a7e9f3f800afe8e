"""The only door out to the gateway: a typed client, its wire objects, and the check of its signatures."""

from app.config import Settings
from app.gateway.breaker import Breakers
from app.gateway.client import GatewayClient
from app.gateway.wire import GatewayDispute, GatewayEvent, GatewayPayment, GatewayRefund, GatewayToken, TestCard

__all__ = [
    "GatewayClient",
    "GatewayDispute",
    "GatewayEvent",
    "GatewayPayment",
    "GatewayRefund",
    "GatewayToken",
    "TestCard",
    "gateway",
]

_client: list[GatewayClient] = []


def connect(settings: Settings) -> None:
    """Make the account that the settings name this process's gateway."""
    _client[:] = [
        GatewayClient(
            settings.gateway_url,
            settings.gateway_secret_key,
            timeout_seconds=settings.gateway_timeout_seconds,
            tries=settings.gateway_tries,
            breakers=Breakers(),
        )
    ]


def gateway() -> GatewayClient:
    """This process's gateway; `connect` comes first."""
    assert _client, "app.gateway.connect(settings) has not been called"
    return _client[0]
