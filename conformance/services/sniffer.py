"""Prints every packet on the cable that is neither TCP nor UDP."""
import socket

TCP, UDP = 6, 17
listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
listener.bind(("cable", 0x0800))
while True:
    packet = listener.recv(65536)
    if len(packet) > 20 and packet[9] not in (TCP, UDP):
        print(packet.decode("latin1").encode("unicode_escape").decode(), flush=True)
