"""The only door out to the gateway: a typed client, its wire objects, and the check of its signatures."""

from app.gateway.client import GatewayClient
from app.gateway.wire import GatewayEvent, GatewayPayment, GatewayRefund, GatewayToken, TestCard

__all__ = ["GatewayClient", "GatewayEvent", "GatewayPayment", "GatewayRefund", "GatewayToken", "TestCard", "gateway"]

_client: list[GatewayClient] = []


def configure(client: GatewayClient) -> None:
    """Make `client` this process's gateway."""
    _client[:] = [client]


def gateway() -> GatewayClient:
    """This process's gateway; `configure` comes first."""
    assert _client, "app.gateway.configure(client) has not been called"
    return _client[0]
