"""A body that begins before the vault has anything, and goes on with a value that it has by then."""
from h2frames import *


def late():
    while not os.path.exists("late.txt"):
        time.sleep(0.05)
    with open("late.txt", "rb") as file:
        return file.read()


@trick
def over_http1():
    with secure(dial(API, 443, 20), API) as sock:
        sock.sendall(request("/http1", "POST", headers=["Transfer-Encoding: chunked"], auth=False))
        sock.sendall(b"5\r\nbegin\r\n")
        value = late()
        return talk(sock, b"%x\r\n%s\r\n0\r\n\r\n" % (len(value), value))


@trick
def over_http2():
    session = Session(wait=20)
    fields = head("/http2", "POST", auth=False)
    session.send(frame(HEADERS, END_HEADERS, 1, block(fields)) + frame(DATA, 0, 1, b"begin"))
    return session.send(frame(DATA, END_STREAM, 1, late())).until(1).over()


main()
