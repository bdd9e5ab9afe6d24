"""Prints every packet on the cable that is neither TCP nor UDP."""
import os
import socket
import sys
import threading

TCP, UDP = 6, 17


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


threading.Thread(target=end_with_parent, daemon=True).start()
listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
listener.bind(("cable", 0x0800))
print("ready", flush=True)
while True:
    packet = listener.recv(65536)
    if len(packet) > 20 and packet[9] not in (TCP, UDP):
        print(packet.decode("latin1").encode("unicode_escape").decode(), flush=True)
