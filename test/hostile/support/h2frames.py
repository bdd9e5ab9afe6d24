"""HTTP/2 as a hostile program speaks it: every frame is made by hand, and nothing is checked."""
import struct
import time
from tricks import *

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED, ACK = 1, 4, 8, 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out = [first | most]
    value -= most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def text(value):
    raw = value if isinstance(value, bytes) else value.encode("latin1")
    return number(len(raw), 7) + raw


def block(fields):
    """Every field as a literal that no table keeps."""
    return b"".join(b"\x00" + text(name) + text(value) for name, value in fields)


def head(path, method="GET", authority=API, scheme="https", more=(), auth=True):
    fields = [(":method", method), (":scheme", scheme), (":path", path), (":authority", authority)]
    if auth:
        fields.append(("authorization", f"Bearer {TOKEN}"))
    return fields + list(more)


def read_number(data, at, bits):
    most = (1 << bits) - 1
    value = data[at] & most
    at += 1
    shift = 0
    if value == most:
        while True:
            value += (data[at] & 127) << shift
            shift += 7
            at += 1
            if data[at - 1] < 128:
                break
    return value, at


def fields_of(data):
    """What an egress writes: known statuses, and literals without a table and without Huffman."""
    at, found = 0, []
    while at < len(data):
        first = data[at]
        if first >= 0x80:
            index, at = read_number(data, at, 7)
            found.append((":status", str(STATUSES.get(index, index))))
        elif first & 0xE0 == 0x20:
            _, at = read_number(data, at, 5)
        else:
            index, at = read_number(data, at, 4)
            name = f"#{index}"
            if index == 0:
                size, at = read_number(data, at, 7)
                name, at = data[at : at + size].decode("latin1"), at + size
            size, at = read_number(data, at, 7)
            value, at = data[at : at + size].decode("latin1"), at + size
            found.append((":status" if index == 8 else name, value))
    return found


class Session:
    """One connection. `window` is what the service may send on a stream before it is told more."""

    def __init__(self, host=API, port=443, sni=None, dialled=None, settings=(), wait=WAIT, greet=True):
        sock = dialled or dial(host, port, wait)
        self.sock = secure(sock, sni or host, ["h2"])
        self.sock.settimeout(wait)
        self.buffer = b""
        self.closed = None
        self.seen = {}
        self.acks = 0
        self.windows = True
        if greet:
            payload = b"".join(struct.pack(">HI", name, value) for name, value in settings)
            self.send(PREFACE + frame(SETTINGS, 0, 0, payload))

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            self.closed = self.closed or type(error).__name__
        return self

    def ask(self, stream, fields, body=None):
        self.send(frame(HEADERS, END_HEADERS | (END_STREAM if body is None else 0), stream, block(fields)))
        if body is not None:
            self.send(frame(DATA, END_STREAM, stream, body))
        return self

    def read_frame(self):
        while len(self.buffer) < 9 or len(self.buffer) < 9 + int.from_bytes(self.buffer[:3], "big"):
            try:
                piece = self.sock.recv(65536)
            except (TimeoutError, OSError) as error:
                self.closed = self.closed or type(error).__name__
                return None
            if not piece:
                self.closed = self.closed or "end"
                return None
            self.buffer += piece
        size = int.from_bytes(self.buffer[:3], "big")
        kind, flags = self.buffer[3], self.buffer[4]
        stream = int.from_bytes(self.buffer[5:9], "big")
        payload = self.buffer[9 : 9 + size]
        self.buffer = self.buffer[9 + size :]
        return kind, flags, stream, payload

    def until(self, stream, seconds=WAIT):
        """Reads until the stream ends, or the connection does, or the time is over."""
        ends = time.monotonic() + seconds
        while stream not in self.ended() and self.closed is None and time.monotonic() < ends:
            self.step()
        return self

    def step(self):
        one = self.read_frame()
        if one is None:
            return
        kind, flags, stream, payload = one
        mine = self.seen.setdefault(stream, {"fields": [], "body": b"", "end": None})
        if kind == HEADERS or kind == CONTINUATION:
            mine["fields"].append(fields_of(payload))
        elif kind == DATA:
            mine["body"] += payload
            if self.windows and payload:
                more = struct.pack(">I", len(payload))
                self.send(frame(WINDOW, 0, 0, more) + frame(WINDOW, 0, stream, more))
        elif kind == RST:
            mine["end"] = f"RST {int.from_bytes(payload, 'big')}"
        elif kind == GOAWAY:
            self.closed = f"GOAWAY {int.from_bytes(payload[4:8], 'big')}"
        elif kind == SETTINGS and not flags & ACK:
            self.send(frame(SETTINGS, ACK, 0))
        elif kind in (SETTINGS, PING) and flags & ACK:
            self.acks += 1
        if kind in (DATA, HEADERS) and flags & END_STREAM and mine["end"] is None:
            mine["end"] = "whole"

    def ended(self):
        return {stream for stream, mine in self.seen.items() if stream and mine["end"]}

    def status(self, stream):
        for fields in self.seen.get(stream, {"fields": []})["fields"]:
            for name, value in fields:
                if name == ":status" and value != "100":
                    return int(value)
        return None

    def told(self):
        """Everything that was heard, as text."""
        out = []
        for stream, mine in sorted(self.seen.items()):
            if not stream:
                continue
            heads = "\n".join("\n".join(f"{name}: {value}" for name, value in one) for one in mine["fields"])
            out.append(f"STREAM {stream} {self.status(stream)} [{mine['end']}]\n{heads}\n\n".encode("latin1") + mine["body"])
        out.append(f"CONNECTION [{self.closed}] acks {self.acks}".encode())
        return b"\n".join(out)

    def over(self):
        self.sock.close()
        return self.told()


def once(fields, body=None, **options):
    """One request on a connection of its own."""
    return Session(**options).ask(1, fields, body).until(1).over()
