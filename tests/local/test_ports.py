"""Ports that are taken are gone around."""

from __future__ import annotations

import socket

from local.ports import any_free, choose, is_free


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_free(port)
        choice = choose({"desk": port})["desk"]
    assert choice.moved
    assert choice.port != port
    assert choice.wanted == port


def test_a_free_port_is_kept() -> None:
    port = any_free()
    choice = choose({"desk": port})["desk"]
    assert choice.port == port
    assert not choice.moved


def test_two_services_never_get_the_same_port() -> None:
    port = any_free()
    chosen = choose({"desk": port, "mail": port, "more": 0})
    assert len({choice.port for choice in chosen.values()}) == 3
