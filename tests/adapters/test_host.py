"""Ports of this machine."""

from __future__ import annotations

import socket

import pytest

from meshctl.adapters.host import port_is_free


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_is_taken_while_somebody_listens(family: socket.AddressFamily, host: str) -> None:
    if family is socket.AF_INET6 and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with socket.create_server((host, 0), family=family) as taken:
        port = taken.getsockname()[1]
        assert not port_is_free(host, port)
    assert port_is_free(host, port)
