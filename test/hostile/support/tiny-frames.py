"""Bodies in frames of one byte each, by the million, that the other end does not take."""
import threading
from h2frames import *

SECONDS = 4


def opened(path, method, flags, settings=()):
    sessions = [Session(settings=settings, wait=10) for _ in range(2)]
    for session in sessions:
        for stream in range(1, 201, 2):
            session.send(frame(HEADERS, flags, stream, block(head(path, method, auth=False))))
    return sessions


def ordinary():
    return b" then " + once(head("/ordinary", auth=False))


@trick
def answers():
    """The service sends them, each with all the padding that a frame may have."""
    sessions = opened("/tiny", "GET", END_HEADERS | END_STREAM, [(4, 0)])
    time.sleep(SECONDS)
    answer = ordinary()
    for session in sessions:
        session.sock.close()
    return answer


@trick
def uploads():
    """The program sends them to a service that opens no window."""
    sessions = opened("/unread", "POST", END_HEADERS)
    turn = b"".join(frame(DATA, 0, stream, b"a") for stream in range(1, 201, 2)) * 20
    sent, ends = 0, time.monotonic() + SECONDS
    while time.monotonic() < ends:
        for session in sessions:
            session.send(turn)
            sent += 2_000
    answer = ordinary()
    for session in sessions:
        session.sock.close()
    return f"sent {sent}".encode() + answer


@trick
def judged():
    """The program sends them to be judged, and ends none of them."""
    session = Session(host="judged.acme.example", wait=10)
    session.windows = False

    def read():
        while session.closed is None:
            session.step()

    threading.Thread(target=read, daemon=True).start()
    fields = head("/graphql", "POST", authority="judged.acme.example", auth=False)
    ids = range(1, 41, 2)
    for stream in ids:
        session.send(frame(HEADERS, END_HEADERS, stream, block(fields)))
    turn = b"".join(frame(DATA, 0, stream, b"a") for stream in ids) * 100
    sent, ends = 0, time.monotonic() + 2 * SECONDS
    while time.monotonic() < ends and session.closed is None:
        session.send(turn)
        sent += 2_000
    return f"sent {sent}".encode() + ordinary()


main()
