"""What a hostile program in a box has at hand: raw sockets, TLS without any check, nothing honest.

Each trick is a function that returns the bytes it saw. `main` runs those that argv names (all when
none) and prints one JSON object: name -> {"seen": base64, "error": text, "seconds": number}.
Without a box, DIRECT (JSON: "name:port" -> port on 127.0.0.1) says where the services are.
"""
import base64
import json
import os
import socket
import ssl
import struct
import sys
import time

TOKEN = os.environ.get("API_TOKEN", "")
DIRECT = json.loads(os.environ.get("DIRECT", "{}"))
API = "api.acme.example"
OTHER = "other.acme.example"
PLAIN = "plain.acme.example"
EVIL = "evil.example"
PROXY = ("198.18.0.2", 3128)
WAIT = 1 if DIRECT else 5

TRICKS = {}


def trick(function):
    TRICKS[function.__name__] = function
    return function


def dial(host, port, wait=WAIT):
    """Without a box a service stands where DIRECT says, whatever the address is called."""
    at = DIRECT.get(f"{host}:{port}") or DIRECT.get(f"*:{port}")
    sock = socket.create_connection(("127.0.0.1", at) if at else (host, port), wait)
    sock.settimeout(wait)
    return sock


def through_proxy(host, port, wait=WAIT):
    """A tunnel by CONNECT; without a box, the connection itself."""
    if DIRECT:
        return dial(host, port, wait)
    sock = dial(*PROXY, wait)
    sock.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode("latin1"))
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(1)
        if not piece:
            raise OSError(f"no tunnel: {head!r}")
        head += piece
    if b" 200 " not in head:
        raise OSError(f"no tunnel: {head!r}")
    return sock


def secure(sock, name, alpn=None):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    return context.wrap_socket(sock, server_hostname=name)


def api(name=API, port=443):
    return secure(dial(name, port), name)


def request(target="/", method="GET", host=API, headers=(), body=b"", auth=True, close=True):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    if auth:
        lines.append(f"Authorization: Bearer {TOKEN}")
    lines += list(headers)
    if body:
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + body


def drain(sock, most=64 << 20):
    """Everything until the other side ends, is silent for too long, or cuts."""
    parts = []
    length = 0
    try:
        while length < most:
            piece = sock.recv(65536)
            if not piece:
                break
            parts.append(piece)
            length += len(piece)
    except (TimeoutError, OSError) as error:
        parts.append(f"\n[{type(error).__name__}]".encode())
    return b"".join(parts)


def talk(sock, data):
    try:
        sock.sendall(data)
    except OSError as error:
        return f"[{type(error).__name__}]".encode()
    return drain(sock)


def ask(target="/", **options):
    """One request to the service that the secret is for."""
    with api() as sock:
        return talk(sock, request(target, **options))


def one_answer(sock):
    """Head and body of one answer with a Content-Length on a connection that goes on."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value):
                piece = sock.recv(65536)
                if not piece:
                    break
                body += piece
    return head + b"\r\n\r\n" + body


def main():
    chosen = sys.argv[1:] or list(TRICKS)
    results = {}
    for name in chosen:
        began = time.monotonic()
        result = {"seen": "", "error": None}
        try:
            result["seen"] = base64.b64encode(TRICKS[name]() or b"").decode()
        except Exception as error:
            result["error"] = f"{type(error).__name__}: {error}"
        result["seconds"] = round(time.monotonic() - began, 2)
        results[name] = result
    print(json.dumps(results))
