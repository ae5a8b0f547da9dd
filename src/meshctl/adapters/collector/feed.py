"""Live changes of a collector, over one HTTP response that does not end."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import httpx

from meshctl.adapters.collector.exchange import unavailable
from meshctl.adapters.collector.forms import changes_of
from meshctl.model.traces import TraceChanges

#: Seconds without a line; the collector sends one every five at least.
IDLE_S = 12.0

#: A longer line is refused.
MAX_LINE = 16 * 1024 * 1024


class CollectorFeed:
    """The ``TraceFeed`` of the query API at ``host:port``."""

    def __init__(self, address: str, idle_s: float = IDLE_S) -> None:
        self.address = address
        self._timeout = httpx.Timeout(2.0, read=idle_s)

    async def changes(self) -> AsyncIterator[TraceChanges]:
        """Yield until it is lost, then raise CollectorUnavailable. Closing the iterator closes the connection."""
        try:
            async with aclosing(self._lines()) as lines:
                async for line in lines:
                    yield changes_of(json.loads(line))
        except httpx.TimeoutException as error:
            raise unavailable(self.address, "no answer in time") from error
        except httpx.HTTPError as error:
            raise unavailable(self.address, str(error) or type(error).__name__) from error
        except (ValueError, TypeError, KeyError) as error:
            raise unavailable(self.address, f"not the answer of a collector ({type(error).__name__})") from error
        raise unavailable(self.address, "the stream of changes has ended")

    async def _lines(self) -> AsyncGenerator[bytes]:
        url = f"http://{self.address}/v1/changes"
        async with (
            httpx.AsyncClient(timeout=self._timeout, trust_env=False) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise unavailable(self.address, f"HTTP {response.status_code}")
            rest = b""
            async for chunk in response.aiter_bytes():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    yield line
                if len(rest) > MAX_LINE:
                    raise ValueError("a line without an end")
