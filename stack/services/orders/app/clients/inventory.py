"""inventory over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from meshkit import HttpClient, UpstreamError

from ..core.domain import Line
from ..core.errors import OutOfStock, Shortage, Unavailable, UnknownItems


class HttpInventory:
    """`core.ports.Inventory`."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def reserve(self, reference: str, quantities: Mapping[str, int]) -> tuple[Line, ...]:
        items = [{"sku": sku, "quantity": quantity} for sku, quantity in sorted(quantities.items())]
        status, answer = await self._post("/reserve", {"reservation_id": reference, "items": items})
        if status == 409 and answer.get("short"):
            raise OutOfStock([_shortage(item) for item in answer["short"]])
        if status == 404 and answer.get("unknown"):
            raise UnknownItems(answer["unknown"])
        if status >= 400:
            raise Unavailable("inventory")
        return tuple(_line(item) for item in answer["items"])

    async def release(self, reference: str) -> None:
        status, _ = await self._post("/release", {"reservation_id": reference})
        if status >= 400:
            raise Unavailable("inventory")

    async def _post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            response = await self._client.request("POST", path, json=body, idempotent=True)
            return response.status_code, response.json()
        except (UpstreamError, ValueError) as error:
            raise Unavailable("inventory") from error


def _shortage(item: Mapping[str, Any]) -> Shortage:
    return Shortage(item["sku"], item["requested"], item["available"])


def _line(item: Mapping[str, Any]) -> Line:
    return Line(item["sku"], item["quantity"], Decimal(str(item["unit_price"])))
