"""A service of the target's own machine, on every address of it. Prints what it is sent."""
import os
import socket
import sys
import threading

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\nConnection: close\r\n\r\nwelcome admin"


def serve(connection):
    try:
        connection.settimeout(2)
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
        print(data.decode("latin1"), flush=True)
        connection.sendall(PAGE)
    except OSError:
        pass
    connection.close()


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
