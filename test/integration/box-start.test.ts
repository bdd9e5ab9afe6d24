import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, runBox, STARTERS, USER_ID } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STARTERS)('a box started by %s', (starter) => {
  test('runs a program and gives its status', async () => {
    const room = bench.room(starter);
    const ended = await runBox(bench, room, {
      program: ['sh', '-c', 'echo out; echo err >&2; exit 7'],
    });
    expect(ended).toMatchObject({ status: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  test('gives 128+n for a signal', async () => {
    const ended = await runBox(bench, bench.room(starter), {
      program: ['sh', '-c', 'kill -TERM $$'],
    });
    expect(ended.status).toBe(143);
  });

  test('says 127 for a program that is missing', async () => {
    const ended = await runBox(bench, bench.room(starter), { program: ['no-such-program'] });
    expect(ended.status).toBe(127);
    expect(ended.stderr).toContain('no-such-program');
  });

  test('runs a program with = in its name', async () => {
    const room = bench.room(starter);
    writeFileSync(join(room.workspace, 'a=b'), '#!/bin/sh\necho ran $1\n', { mode: 0o755 });
    const ended = await runBox(bench, room, { program: ['./a=b', 'x'] });
    expect(ended).toMatchObject({ status: 0, stdout: 'ran x\n' });
  });

  test('reads its standard input', async () => {
    const ended = await runBox(
      bench,
      bench.room(starter),
      { program: ['cat'] },
      { input: 'hello' },
    );
    expect(ended.stdout).toBe('hello');
  });

  test('opens its own streams by path', async () => {
    const ended = await runBox(
      bench,
      bench.room(starter),
      {
        program: ['sh', '-c', 'echo a > /dev/stdout; echo b > /dev/stderr; cat < /dev/stdin'],
      },
      { input: 'c', pipes: true },
    );
    expect(ended).toMatchObject({ status: 0, stdout: 'a\nc', stderr: 'b\n' });
  });

  test('is an ordinary user without capabilities, on an own host uid', async () => {
    let uids = '';
    const ended = await runBox(
      bench,
      bench.room(starter),
      {
        program: [
          'sh',
          '-c',
          'id -u; id -G; grep -E "^(Cap|NoNewPrivs|Seccomp:|Groups)" /proc/self/status; sleep 0.3',
        ],
      },
      {
        onStart: ({ childPid }) => {
          uids = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${childPid}/status`, 'utf8'))?.[1] ?? '';
        },
      },
    );
    expect(ended.stdout).toMatch(/^1000\n1000\n/);
    expect(ended.stdout.match(/^Cap\w+:\t0{16}$/gm)).toHaveLength(5);
    expect(ended.stdout).toContain('NoNewPrivs:\t1');
    expect(ended.stdout).toContain('Seccomp:\t2');
    expect(ended.started?.hostUid).not.toBe(0);
    expect(uids).toBe(String(ended.started?.hostUid));
    if (starter === 'user') expect(ended.started?.hostUid).toBe(USER_ID);
  });

  test('writes the workspace as its owner and leaves it as it was but for that', async () => {
    const room = bench.room(starter);
    writeFileSync(join(room.workspace, 'old'), 'old');
    const before = lstatSync(room.workspace);
    const ended = await runBox(bench, room, {
      program: ['sh', '-c', 'mkdir d && echo new > d/new && rm -f old && ls -A'],
    });
    expect(ended).toMatchObject({ status: 0 });
    expect(readdirSync(room.workspace)).toEqual(['d']);
    expect(lstatSync(join(room.workspace, 'd/new'))).toMatchObject({
      uid: before.uid,
      gid: before.gid,
    });
    expect(existsSync(join(room.state, 'stand-ins.json'))).toBe(false);
  });

  test('has the environment it was given and nothing else', async () => {
    const ended = await runBox(
      bench,
      bench.room(starter),
      { program: ['/usr/bin/env'], env: { A: '1\n2', PATH: '/usr/bin' } },
      { env: { HOST_TOKEN: 'x' } },
    );
    expect(
      ended.stdout
        .split('\n')
        .filter((l) => !l.startsWith('PWD='))
        .join('\n'),
    ).toBe('A=1\n2\nPATH=/usr/bin\n');
  });

  test("sees the files it was given instead of the host's", async () => {
    const room = bench.room(starter);
    writeFileSync(join(room.workspace, '.env'), 'TOKEN=real\n');
    const ended = await runBox(bench, room, {
      program: [
        'sh',
        '-c',
        'cat .env /etc/ssl/certs/ca-certificates.crt /etc/hostname; echo x > .env',
      ],
      files: [
        { target: join(room.workspace, '.env'), content: 'TOKEN=fake\n' },
        { target: '/etc/ssl/certs/ca-certificates.crt', content: 'bundle\n' },
      ],
    });
    expect(ended.stdout).toBe('TOKEN=fake\nbundle\nbox\n');
    expect(ended.status).not.toBe(0);
    expect(readFileSync(join(room.workspace, '.env'), 'utf8')).toBe('TOKEN=real\n');
  });

  test('catches every TCP port and keeps its own localhost', async () => {
    const ended = await runBox(bench, bench.room(starter), {
      program: ['/usr/bin/python3', '-c', NETWORK],
    });
    expect(ended.stderr).toBe('');
    expect(ended.stdout.split('\n').slice(0, -1)).toEqual([
      'to 1.2.3.4 9999',
      'to 2001:db8::7 12345',
      'to 198.18.0.1 22',
      'pong',
      'local 127.0.0.1 65000',
      'local 127.0.0.1 3128',
      'local ::1 65000',
      'to 10.0.0.1 3128',
      'refused',
    ]);
    expect(ended.started).toMatchObject({ transparent: true, listeners: 4 });
  });

  test('catches the listed ports where the kernel has no transparent proxying', async () => {
    const ended = await runBox(bench, bench.room(starter), {
      program: ['/usr/bin/python3', '-c', FALLBACK],
      transparent: false,
    });
    expect(ended.stderr).toBe('');
    expect(ended.stdout).toBe('to 1.2.3.4 443\nto 2001:db8::7 22\nrefused\n');
    expect(ended.started).toMatchObject({ transparent: false });
  });
});

const NETWORK = `
import socket
def ask(family, address):
    s = socket.socket(family); s.settimeout(3); s.connect(address); print(s.recv(100).decode())
ask(2, ('1.2.3.4', 9999)); ask(10, ('2001:db8::7', 12345)); ask(2, ('198.18.0.1', 22))
u = socket.socket(2, 2); u.settimeout(2); u.connect(('8.8.8.8', 53)); u.send(b'x'); print(u.recv(9).decode())
keep = []
for family, address in ((2, ('127.0.0.1', 65000)), (2, ('0.0.0.0', 3128)), (10, ('::1', 65000))):
    l = socket.socket(family); l.bind(address); l.listen(); keep.append(l)
    host = '127.0.0.1' if address[0] == '0.0.0.0' else address[0]
    c = socket.socket(family); c.connect((host, address[1])); a, _ = l.accept(); a.send(b'local'); print(c.recv(9).decode(), host, address[1])
ask(2, ('10.0.0.1', 3128))
u = socket.socket(2, 2); u.settimeout(2); u.connect(('1.2.3.4', 123)); u.send(b'x')
try: u.recv(1)
except ConnectionRefusedError: print('refused')
`;
const FALLBACK = `
import socket
def ask(family, address):
    s = socket.socket(family); s.settimeout(3); s.connect(address); print(s.recv(100).decode().replace('::ffff:', ''))
ask(2, ('1.2.3.4', 443)); ask(10, ('2001:db8::7', 22))
try: ask(2, ('1.2.3.4', 9999))
except ConnectionRefusedError: print('refused')
`;
