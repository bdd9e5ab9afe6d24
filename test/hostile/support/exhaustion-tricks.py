"""Tries to use the egress up."""
import threading
import tricks
from tricks import *


def still_there():
    """The last word of every trick: an ordinary request, and how long it took."""
    began = time.monotonic()
    with secure(dial(API, 443, 45), API) as sock:
        answer = talk(sock, request("/ordinary"))
    return b"\nthen " + answer + f" after {time.monotonic() - began:.1f} s".encode()


@trick
def large_header():
    return ask("/large", headers=["X-Large: " + "a" * 100_000]) + still_there()


@trick
def many_headers():
    return ask("/many", headers=[f"X{n}: a" for n in range(10_000)]) + still_there()


@trick
def headers_in_bound():
    return ask("/bound", headers=[f"X{n}: a" for n in range(400)])


@trick
def long_path():
    return ask("/" + "a" * 60_000) + still_there()


@trick
def many_names():
    """A flood of server names; each would cost a certificate."""
    def one(index):
        try:
            with secure(dial("203.0.113.9", 443, 10), f"n{index}.flood.example"):
                made.append(index)
        except OSError:
            cut.append(index)

    made, cut = [], []
    threads = [threading.Thread(target=one, args=(index,)) for index in range(400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return f"made {len(made)} cut {len(cut)}".encode() + still_there()


@trick
def many_connections():
    held, cut = [], 0
    for _ in range(1500):
        try:
            held.append(dial("203.0.113.9", 80, 3))
        except OSError:
            cut += 1
    time.sleep(0.5)
    for sock in held:
        sock.setblocking(False)
        try:
            if sock.recv(1) == b"":
                cut += 1
        except BlockingIOError:
            pass
        except OSError:
            cut += 1
    answer = f"cut {cut} of {len(held)}".encode()
    for sock in held:
        sock.close()
    time.sleep(0.3)
    return answer + still_there()


@trick
def many_requests():
    """Thousands in one write, all refused; what counts is that each has its row and none is lost."""
    with dial(PLAIN, 80) as sock:
        line = f"GET /flood HTTP/1.1\r\nHost: {PLAIN}\r\n\r\n".encode()
        answer = talk(sock, line * 400)
    return f"{answer.count(b'HTTP/1.1 ')} answers".encode() + still_there()


@trick
def never_reads():
    """Asks for an endless answer and does not read it."""
    sock = api()
    sock.sendall(request("/endless"))
    time.sleep(2.5)
    seen = still_there()
    sock.close()
    return seen


@trick
def endless_head():
    return ask("/endless-head") + still_there()


@trick
def endless_names():
    """Names for the resolver, each of which it has to remember."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(2)
    sock.connect(("198.18.0.1", 53))
    got = 0
    for index in range(3000):
        label = f"n{index}".encode()
        sock.send(struct.pack(">HHHHHH", index, 256, 1, 0, 0, 0) + bytes([len(label)]) + label + b"\x05flood\0\0\x01\0\x01")
        got += len(sock.recv(512)) > 12
    return f"{got} names".encode() + still_there()


def greeting():
    """A whole ClientHello, as a client sends it that then says nothing."""
    context = ssl.create_default_context()
    taken, given = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(taken, given, server_hostname=API).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return given.read()


def slow(name, prepare, data):
    def attempt():
        """Says half of what it has to, and waits until somebody loses patience."""
        sock = prepare()
        sock.settimeout(50)
        sock.sendall(data)
        began = time.monotonic()
        answer = drain(sock)
        return answer + f" after {time.monotonic() - began:.0f} s".encode()

    TRICKS[name] = attempt


slow("slow_greeting", lambda: dial(API, 443), b"\x16\x03\x01")
slow("slow_first_bytes", lambda: dial(PLAIN, 80), b"")
slow("slow_head", api, b"GET / HTTP/1.1\r\nHost: api.acme")
slow("slow_head_proxy", lambda: dial(*PROXY), b"CONNECT api")
slow("slow_tunnel", lambda: through_proxy(API, 443), b"\x16\x03\x01")
slow("slow_handshake", lambda: dial(API, 443), greeting())


@trick
def slow_all():
    """The slow ones at the same time."""
    seen = {}
    names = [name for name in TRICKS if name.startswith("slow_") and name != "slow_all"]
    threads = [threading.Thread(target=lambda name=name: seen.update({name: TRICKS[name]().decode("latin1")})) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return json.dumps(seen).encode()


main()
