"""WebSockets spoken by hand: frames that no honest client sends, and secrets where none belong."""
from concurrent.futures import ThreadPoolExecutor
from tricks import *

JUDGED = "judged.acme.example"
SLOT = "slot.acme.example"
OPEN = "open.acme.example"
GRAPH = "graph.acme.example"
PLACE = os.environ.get("SOCKET_TOKEN", "")
LEAKED = os.environ.get("LEAKED", "")


def frame(payload, opcode=1, final=True, mask=b"\1\2\3\4", rsv=0, length=None):
    """`mask` None sends none; `length` declares another one, always in eight bytes."""
    payload = payload.encode() if isinstance(payload, str) else payload
    head = bytes([(0x80 if final else 0) | rsv | opcode])
    bit = 0x80 if mask is not None else 0
    size = len(payload)
    if length is not None:
        head += bytes([bit | 127]) + struct.pack(">Q", length)
    elif size < 126:
        head += bytes([bit | size])
    elif size < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", size)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", size)
    if mask is None:
        return head + payload
    repeated = (mask * (size // 4 + 1))[:size]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
    return head + mask + masked


def pieces(text, size=1, between=frame("", 9)):
    """A message in fragments, with pings between them."""
    parts = [text[i:i + size] for i in range(0, len(text), size)]
    return b"".join(frame(part, 1 if i == 0 else 0, i == len(parts) - 1) + between for i, part in enumerate(parts))


CLOSE = frame(struct.pack(">H", 1000), 8)


def begin(host, path="/socket", headers=(), auth=False, early=b""):
    sock = secure(dial(host, 443, 5), host)
    own = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    own += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", *headers]
    sock.sendall(request(path, host=host, headers=own, auth=auth, close=False) + early)
    head = b""
    while b"\r\n\r\n" not in head:
        piece = sock.recv(1)
        if not piece:
            break
        head += piece
    return sock, head


def shown(data):
    """Frames a line each: opcode, final, payload; a close with its code."""
    lines = []
    while len(data) >= 2:
        size, at = data[1] & 127, 2
        if size == 126:
            size, at = struct.unpack(">H", data[2:4])[0], 4
        elif size == 127:
            size, at = struct.unpack(">Q", data[2:10])[0], 10
        payload = data[at:at + size]
        code = b""
        if data[0] & 15 == 8 and size >= 2:
            code, payload = str(struct.unpack(">H", payload[:2])[0]).encode() + b" ", payload[2:]
        lines.append(b"%d%s %s%s" % (data[0] & 15, b"." if data[0] & 128 else b"+", code, payload[:4096]))
        data = data[at + size:]
    return b"\n".join(lines)


def say(name, host, *frames, path="/socket", headers=(), auth=False, close=True):
    def attempt():
        sock, head = begin(host, path, headers, auth)
        with sock:
            if b" 101 " not in head.split(b"\r\n")[0]:
                return head + drain(sock)
            # What follows may be refused before it is all written.
            try:
                for data in (*frames, CLOSE) if close else frames:
                    sock.sendall(data)
            except OSError:
                pass
            return head + shown(drain(sock))

    TRICKS[name] = attempt


GOOD = '{"type":"ping","n":1}'


def bad(name):
    return '{"type":"admin","name":"%s"}' % name


say("judged_good", JUDGED, frame(GOOD), frame(GOOD), pieces(GOOD))
say("judged_bad", JUDGED, frame(bad("judged_bad")))
say("judged_later", JUDGED, frame(GOOD), frame(bad("judged_later")), frame(GOOD))
say("judged_pieces", JUDGED, pieces(bad("judged_pieces")))
say("judged_key_twice", JUDGED, frame('{"type":"ping","type":"judged_key_twice"}'))
say("judged_key_case", JUDGED, frame('{"type":"ping","Type":"judged_key_case"}'))
say("judged_text", JUDGED, frame("judged_text"))
say("judged_two", JUDGED, frame(GOOD + bad("judged_two")))
say("judged_bom", JUDGED, frame("\ufeff" + bad("judged_bom")))
say("judged_binary", JUDGED, frame(bad("judged_binary"), 2))
say("judged_empty", JUDGED, frame(""))
say("judged_long", JUDGED, frame('{"type":"ping","judged_long":"%s"}' % ("x" * (1 << 20))))
say("judged_declared", JUDGED, frame(GOOD, length=1 << 40), close=False)
say("judged_deflate", JUDGED, frame("judged_deflate", rsv=0x40), headers=["Sec-WebSocket-Extensions: permessage-deflate"])
say("judged_path", JUDGED, frame(GOOD), path="/other")

for host, prefix in ((OPEN, "open"), (JUDGED, "strict")):
    say(f"{prefix}_unmasked", host, frame(f"{prefix}_unmasked", mask=None))
    say(f"{prefix}_rsv1", host, frame(f"{prefix}_rsv1", rsv=0x40))
    say(f"{prefix}_rsv2", host, frame(f"{prefix}_rsv2", rsv=0x20))
    say(f"{prefix}_opcode", host, frame(f"{prefix}_opcode", 3))
    say(f"{prefix}_continuation", host, frame(f"{prefix}_continuation", 0))
    say(f"{prefix}_nested", host, frame("{", final=False), frame(f"{prefix}_nested"))
    say(f"{prefix}_long_ping", host, frame(f"{prefix}_long_ping" + "x" * 200, 9))
    say(f"{prefix}_cut_ping", host, frame(f"{prefix}_cut_ping", 9, final=False))
    say(f"{prefix}_long_length", host, frame(f"{prefix}_long_length", length=len(f"{prefix}_long_length")))
    say(f"{prefix}_huge_length", host, frame(f"{prefix}_huge_length", length=1 << 63))
    say(f"{prefix}_not_utf8", host, frame(f"{prefix}_not_utf8".encode() + b"\xff"))
    say(f"{prefix}_odd_close", host, frame(struct.pack(">H", 1005) + f"{prefix}_odd_close".encode(), 8), close=False)
    say(f"{prefix}_after_close", host, CLOSE, frame(f"{prefix}_after_close"), close=False)
    say(f"{prefix}_second_request", host, f"GET /{prefix}_second_request HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(), close=False)
say("open_good", OPEN, frame("hello"), frame(b"\0\xff" * 50_000, 2), frame("you there?", 9), pieces("in pieces", 4))

say("graph_mutation", GRAPH, frame('{"type":"connection_init"}'), frame('{"id":"1","type":"subscribe","payload":{"query":"mutation { graph_mutation }"}}'), path="/graphql", headers=["Sec-WebSocket-Protocol: graphql-transport-ws"])

say("slot_pointer", SLOT, frame('{"auth":{"token":"%s"},"n":"slot_pointer"}' % PLACE))
say("slot_pieces", SLOT, pieces('{"auth":{"token":"%s"},"n":"slot_pieces"}' % PLACE), path="/pieces")
say("slot_elsewhere", SLOT, frame('{"note":"%s","n":"slot_elsewhere"}' % PLACE))
say("slot_text", SLOT, frame(f"slot_text {PLACE}"))
say("slot_deeper", SLOT, frame('{"auth":{"token":{"token":"%s"}},"n":"slot_deeper"}' % PLACE))
say("slot_split", SLOT, frame('{"auth":{"n":"slot_split %s"}}' % PLACE[:9]), frame('{"auth":{"n":"%s"}}' % PLACE[9:]))
say("slot_binary", SLOT, frame('{"auth":{"token":"%s"},"n":"slot_binary"}' % PLACE, 2))
say("slot_foreign", SLOT, frame('{"auth":{"token":"a-key-of-the-thief"},"n":"slot_foreign"}'))
say("slot_ping", SLOT, frame('{"auth":{"token":"%s"}}' % PLACE, 9))

for index, path in enumerate(("/early", "/everywhere", "/compressed", "/masked")):
    say(f"echo_{path[1:]}", API, path=path, auth=True, close=False)
say("echo_protocol", API, frame("echo_protocol"), headers=["Sec-WebSocket-Protocol: realtime, api-key.of-the-thief"], auth=True)

say("leak_text", OPEN, frame(f"leak_text {LEAKED}"))
say("leak_pieces", OPEN, pieces(f"leak_pieces {LEAKED}"))
say("leak_binary", OPEN, frame(f"leak_binary {LEAKED}", 2))
say("leak_base64", OPEN, frame("leak_base64 " + base64.b64encode(f"x{LEAKED}".encode()).decode()))
say("leak_ping", OPEN, frame(f"leak_ping {LEAKED}", 9))
say("leak_close", OPEN, frame(struct.pack(">H", 1000) + f"leak_close {LEAKED}".encode(), 8), close=False)
say("leak_judged", JUDGED, frame('{"type":"ping","n":"leak_judged %s"}' % LEAKED))
say("leak_judged_ping", JUDGED, frame(f"leak_judged_ping {LEAKED}", 9))

# Side by side, as most of them wait to be closed.
with ThreadPoolExecutor(12) as pool:
    TRICKS.update({name: pool.submit(attempt).result for name, attempt in TRICKS.items()})
main()
