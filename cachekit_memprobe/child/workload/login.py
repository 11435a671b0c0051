"""Memcached's login in its text protocol: a ``set`` whose value is the user and the password."""

import socket
from typing import Any

_ANSWER = b"STORED\r\n"


def log_in(connection: socket.socket, login: str) -> None:
    """Log in on a connection that has just been made.

    Args:
        login: ``user password``.

    Raises:
        ConnectionRefusedError: the server doesn't know it, or isn't one that anybody logs in to.
    """
    connection.sendall(f"set login 0 0 {len(login)}\r\n{login}\r\n".encode())
    answer = b""
    while not answer.endswith(b"\r\n"):
        chunk = connection.recv(1024)
        answer += chunk
        if not chunk:
            break
    if answer != _ANSWER:
        raise ConnectionRefusedError("the server refused the login")


def have_clients_log_in(login: str) -> None:
    """Have each of pymemcache's connections log in as it is made, for good; what it does then is its own."""
    from pymemcache.client.base import Client

    connect: Any = Client._connect

    def connect_and_log_in(client: Any) -> None:
        connect(client)
        log_in(client.sock, login)

    Client._connect = connect_and_log_in
