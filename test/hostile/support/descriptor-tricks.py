"""Opens more connections than the egress can have, from several processes at once."""
import tricks
from tricks import *


def hold(count, seconds):
    """How many of so many connections are cut at once."""
    held, cut = [], 0
    for _ in range(count):
        try:
            held.append(dial("203.0.113.9", 80, 2))
        except OSError:
            cut += 1
    time.sleep(seconds)
    for sock in held:
        sock.setblocking(False)
        try:
            if sock.recv(1) == b"":
                cut += 1
        except BlockingIOError:
            pass
        except OSError:
            cut += 1
    return cut


@trick
def take_all():
    """The connections are held while another process asks."""
    read, write = os.pipe()
    children = []
    for _ in range(6):
        pid = os.fork()
        if pid == 0:
            os.write(write, f"{hold(100, 0.8)} ".encode())
            os._exit(0)
        children.append(pid)
    for pid in children:
        os.waitpid(pid, 0)
    return os.read(read, 1000)


@trick
def after():
    return ask("/after")


main()
