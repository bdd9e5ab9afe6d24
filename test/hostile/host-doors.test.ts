import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makePlace, type Place } from '../support/powerbox.ts';

let place: Place | undefined;
let server: Server | undefined;

afterEach(() => {
  server?.close();
  place?.close();
});

const CONNECT = `
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.connect(sys.argv[1])
print(door.recv(100).decode())
`;

const FLOOD = `
import socket, time
refused, end = 0, time.time() + 3
while time.time() < end:
    with socket.create_connection(('192.0.2.1', 80)) as door:
        door.sendall(b'GET / HTTP/1.1\\r\\nHost: x.example\\r\\n\\r\\n')
        door.recv(1000)
    refused += 1
print(refused)
`;

describe('a socket of the host in a mounted folder', () => {
  it('is no door out of the box, and is one without a box', async () => {
    place = makePlace();
    place.write('connect.py', CONNECT);
    const path = join(place.workspace, 'service.sock');
    server = createServer((socket) => socket.end('inside the host'));
    await new Promise<void>((done) => server?.listen(path, done));
    const program = ['/usr/bin/python3', 'connect.py', path];
    expect((await place.run(program)).stdout).toBe('inside the host\n');
    const boxed = await place.powerbox(['run', '--', ...program]);
    expect(boxed.status).not.toBe(0);
    expect(boxed.stdout).toBe('');
    expect((await place.run(program)).stdout).toBe('inside the host\n');
  });
});

describe('a box that asks for what it may not have, again and again', () => {
  it('is answered at a pace that does not fill the disk with rows', async () => {
    place = makePlace();
    place.write('flood.py', FLOOD);
    const ran = await place.powerbox(['run', '--quiet', '--', '/usr/bin/python3', 'flood.py']);
    const refused = Number(ran.stdout);
    // A burst of 100 and 100 a second.
    expect(refused).toBeGreaterThan(50);
    expect(refused).toBeLessThan(600);
    const log = await place.powerbox(['log', '--denied', '--json', '--limit', '10000']);
    expect(log.stdout.trimEnd().split('\n')).toHaveLength(refused);
  });
});
