"""The stack that runs, and how a program gets there: names below the domain lead to the edge, as
they do in a browser, whatever this machine resolves."""

import os
import socket
import time
from urllib.parse import urlsplit

import requests

TIMEOUT_S = 40
MAIL_LIMIT_S = 60


def required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SystemExit(f"{name} is not set: scripts/up writes it into run/env")
    return value


APP_URL = required("APP_URL")
CA_FILE = required("CA_FILE")


def lead_to_the_edge(source: str) -> None:
    """From here on this process finds the stack, and comes from `source`: a loopback address of its
    own, so that a throttle that it runs into is nobody else's."""
    import urllib3.util.connection as connection

    edge, host = required("EDGE_ADDR"), urlsplit(APP_URL).hostname
    resolve, connect = socket.getaddrinfo, connection.create_connection

    def getaddrinfo(name, *args, **kwargs):
        return resolve(edge if name == host else name, *args, **kwargs)

    def create_connection(address, timeout=None, source_address=None, socket_options=None):
        ours = (source, 0) if address[0] == host else source_address
        return connect(address, timeout, ours, socket_options)

    socket.getaddrinfo = getaddrinfo
    connection.create_connection = create_connection


def call(status: int, method: str, path: str, token: str | None = None, body=None):
    """Sends, insists on `status`, and reads the answer."""
    headers = {"Origin": APP_URL} | ({"Authorization": f"Bearer {token}"} if token else {})
    answer = requests.request(
        method, APP_URL + path, json=body, headers=headers, verify=CA_FILE, timeout=TIMEOUT_S
    )
    if answer.status_code != status:
        said = answer.text[:400]
        raise SystemExit(f"{method} {path} answers {answer.status_code}, not {status}: {said}")
    return answer.json() if answer.content else None


def token_by_mail(address: str) -> str:
    """The secret in the letter that proves the address."""
    url, until = required("MAILBOX_URL") + "/api/messages", time.monotonic() + MAIL_LIMIT_S
    while time.monotonic() < until:
        letters = requests.get(url, params={"to": address}, timeout=TIMEOUT_S).json()["messages"]
        for letter in letters:
            _, found, rest = letter["text"].partition("#token=")
            if found:
                return rest.split()[0]
        time.sleep(0.5)
    raise SystemExit(f"no letter to {address} has a link with `#token=`")
