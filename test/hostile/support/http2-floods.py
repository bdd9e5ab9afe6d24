"""Tries to use the egress up by frames that cost nothing to send."""
import h2frames
from h2frames import *


def head(path, method="GET"):
    return h2frames.head(path, method, auth=False)


def still_there():
    """The last word of every flood: an ordinary request, and how long it took."""
    began = time.monotonic()
    answer = once(head("/ordinary"), wait=45)
    return b"\nthen " + answer + f" after {time.monotonic() - began:.1f} s".encode()


def flood(name, frames, settings=()):
    """Sends what `frames` gives until the connection is cut, or it has no more."""

    def attempt():
        session = Session(settings=settings, wait=10)
        session.ask(1, head("/first")).until(1, 5)
        sent = 0
        for data in frames():
            session.send(data)
            sent += 1
            if session.closed:
                break
        # Is it served still? A last request tells, on the same connection.
        session.ask(399_999, head("/last")).until(399_999, 5)
        cut = session.closed
        told = f"sent {sent} cut {cut}".encode()
        session.sock.close()
        return told + still_there()

    TRICKS[name] = attempt


def repeated(data, turns, each=200):
    return lambda: (data * each for _ in range(turns))


STREAMS = range(3, 400_000, 2)
REQUEST = block(head("/slow"))


def resets():
    for stream in STREAMS[:1_500]:
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, REQUEST) + frame(RST, 0, stream, b"\0\0\0\x08")


def provoked():
    """The server is made to reset every request itself."""
    for stream in STREAMS[:1_500]:
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, REQUEST) + frame(WINDOW, 0, stream, b"\0\0\0\0")


def too_many():
    """Requests beyond those that are served at a time."""
    for stream in STREAMS[:1_500]:
        yield frame(HEADERS, END_HEADERS, stream, REQUEST)


def continuations():
    yield frame(HEADERS, END_STREAM, 3, REQUEST)
    for _ in range(1_200):
        yield frame(CONTINUATION, 0, 3, block([("x-a", "a" * 1000)]))
    yield frame(CONTINUATION, END_HEADERS, 3)


def empty_continuations():
    yield frame(HEADERS, END_STREAM, 3, REQUEST)
    for _ in range(50):
        yield frame(CONTINUATION, 0, 3) * 100
    yield frame(CONTINUATION, END_HEADERS, 3)


def bombs():
    """One large entry of the table, then its number by the thousand: 4 KiB for each octet."""
    large = b"\x40" + text("x-bomb") + text("a" * 4000)
    for stream in STREAMS[:400]:
        start = REQUEST + (large if stream == 3 else b"")
        yield frame(HEADERS, END_HEADERS | END_STREAM, stream, start + b"\xbe" * (16_000 - len(start)))


def empty_data():
    yield frame(HEADERS, END_HEADERS, 3, block(head("/slow", "POST")))
    for _ in range(100):
        yield frame(DATA, 0, 3) * 200


def late_heads():
    """Requests on a stream that is over."""
    for _ in range(8_000):
        yield frame(HEADERS, END_HEADERS | END_STREAM, 1, REQUEST)


flood("rapid_reset", resets)
flood("provoked_reset", provoked)
flood("too_many", too_many)
flood("continuations", continuations)
flood("empty_continuations", empty_continuations)
flood("bombs", bombs)
flood("empty_data", empty_data)
flood("late_heads", late_heads)
flood("pings", repeated(frame(PING, 0, 0, b"a" * 8), 200))
flood("settings", repeated(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65_535)), 200))
flood("priorities", repeated(frame(PRIORITY, 0, 3, b"\0\0\0\0\1"), 200))
flood("windows", repeated(frame(WINDOW, 0, 1, b"\0\0\0\1"), 200))
flood("unknown", repeated(frame(0xFA, 0, 0, b"a"), 200))


@trick
def unread_pings():
    """Asks for answers and reads none."""
    session = Session(wait=10)
    sent = 0
    while session.closed is None and sent < 20_000:
        session.send(frame(PING, 0, 0, b"a" * 8) * 100 + frame(HEADERS, 5, 2 * sent + 1, block(head("/ordinary"))))
        sent += 1
    return f"sent {sent} cut {session.closed}".encode() + still_there()


@trick
def zero_windows():
    """Large answers that may not be sent: each waits with what one stream may hold."""
    session = Session(settings=[(4, 0)], wait=2)
    for stream in range(1, 81, 2):
        session.ask(stream, head("/large"))
    while len(session.seen) < 41 and session.closed is None:
        session.step()
    answer = still_there()
    session.sock.close()
    return f"heads {len(session.seen)}".encode() + answer


@trick
def unread_answers():
    """Heads of answers by the thousand, none of them read: they count as open requests."""
    session = Session(wait=10)
    session.sock.setblocking(False)
    for stream in range(1, 8_001, 2):
        try:
            session.sock.send(frame(HEADERS, 5, stream, block(head("/headers"))))
        except OSError:
            break
    time.sleep(2)
    answer = still_there()
    session.sock.close()
    return b"waits" + answer


@trick
def many_sessions():
    """More open requests than one box may have, over sessions that each have their fill."""
    sessions = []
    for _ in range(10):
        session = Session(wait=10)
        for stream in range(1, 257, 2):
            session.send(frame(HEADERS, END_HEADERS | END_STREAM, stream, block(head("/waits"))))
        sessions.append(session)
    refused = 0
    for session in sessions[8:]:
        session.sock.settimeout(4)
        while session.closed is None and len(session.ended()) < 128:
            session.step()
        refused += sum(1 for stream in session.ended() if session.status(stream) == 429)
    for session in sessions:
        session.sock.close()
    return f"refused {refused}".encode()


if __name__ == "__main__":
    main()
