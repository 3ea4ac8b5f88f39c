"""Ports that are taken are gone around."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.ports import Claims, any_free, choose, is_free


@pytest.fixture
def claims(tmp_path: Path) -> Iterator[Claims]:
    made = Claims(tmp_path)
    yield made
    made.release()


def test_a_taken_port_is_replaced_by_a_free_one(claims: Claims) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert not is_free(port)
        choice = choose({"desk": port}, claims)["desk"]
    assert choice.moved
    assert choice.port != port
    assert choice.wanted == port


def test_a_free_port_is_kept(claims: Claims) -> None:
    port = any_free()
    choice = choose({"desk": port}, claims)["desk"]
    assert choice.port == port
    assert not choice.moved


def test_two_services_never_get_the_same_port(claims: Claims) -> None:
    port = any_free()
    chosen = choose({"desk": port, "mail": port, "more": 0}, claims)
    assert len({choice.port for choice in chosen.values()}) == 3


def test_two_stacks_that_start_at_the_same_time_choose_different_ports(
    claims: Claims, tmp_path: Path
) -> None:
    port = any_free()
    other = Claims(tmp_path)
    assert choose({"desk": port}, claims)["desk"].port == port
    assert choose({"desk": port}, other)["desk"].moved, "nobody listens on it yet"
    claims.release()
    assert not choose({"desk": port}, Claims(tmp_path))["desk"].moved
    other.release()
