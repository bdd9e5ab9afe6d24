"""Asks without a pause, four at a time, and goes on whatever breaks, until the file `stop` is there.

Prints one JSON object: how many answers were right, how many requests broke, and every answer that
was neither. One of the four never asks for the name's address again.
"""
import threading
import tricks
from tricks import *

NAME = sys.argv[1]
STOP = f"stop-{NAME}"
ADDRESS = socket.gethostbyname(API)
seen = {"right": 0, "broken": 0, "wrong": []}
lock = threading.Lock()


def count(key, value=1):
    with lock:
        seen[key] += value


def one(path, address):
    with secure(socket.create_connection((address, 443), 5), API) as sock:
        sock.settimeout(5)
        answer = talk(sock, request(path))
    if answer.startswith(b"HTTP/1.1 200 ") and f"<{path}>".encode() in answer:
        count("right")
    elif b"HTTP/1." not in answer or answer.endswith(b"Error]"):
        count("broken")
    else:
        count("wrong", [answer[:2000].decode("latin1")])


def go_on(thread):
    number = 0
    while not os.path.exists(STOP):
        number += 1
        try:
            one(f"/{NAME}/{thread}/{number}", ADDRESS if thread == 0 else API)
        except OSError:
            count("broken")
        time.sleep(0.01)


threads = [threading.Thread(target=go_on, args=(index,)) for index in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
seen["address"] = ADDRESS
seen["addressNow"] = socket.gethostbyname(API)
seen["otherAddress"] = socket.gethostbyname("asked-for-late.example")
print(json.dumps(seen))
