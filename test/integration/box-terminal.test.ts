import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bench, openBench, type Room, STARTERS, specOf, USER_ID } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

// Runs argv on a real terminal as its session leader's shell job would be run, plays a conversation
// (expect, answer) and prints what the terminal showed and how it ended.
const PTY = `
import fcntl, json, os, pty, select, signal, struct, sys, termios, time
uid, talk, argv = int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:]
pid, fd = pty.fork()
if pid == 0:
    os.open(os.devnull, os.O_WRONLY)
    while True:
        n = os.open(os.devnull, os.O_WRONLY)
        if n > 3: break
    os.dup2(os.open(os.devnull, os.O_WRONLY), 3)
    os.chown(os.ttyname(0), uid, -1)
    if os.getuid() == 0 and uid != 0: os.setgroups([]); os.setresgid(uid, uid, uid); os.setresuid(uid, uid, uid)
    os.execv(argv[0], argv)
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
seen, at, deadline = '', 0, time.time() + 15
def read():
    global seen
    if select.select([fd], [], [], 0.2)[0]:
        try: data = os.read(fd, 65536)
        except OSError: return False
        if not data: return False
        seen += data.decode(errors='replace')
    return time.time() < deadline
pressed, since = '', 0
for want, answer in talk:
    while want not in seen[at:]:
        if not read(): break
        # A key that comes in the wrong moment of a loaded machine is pressed again, as by a person.
        if pressed and time.time() > since + 2:
            os.write(fd, pressed.encode())
            since = time.time()
    at = seen.find(want, at) + len(want) if want in seen[at:] else len(seen)
    if answer.startswith('size '):
        rows, columns = map(int, answer[5:].split())
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
    elif answer: os.write(fd, answer.encode())
    pressed, since = (answer if answer in ('\\x03', '\\x1a') else ''), time.time()
while read(): pass
if time.time() >= deadline: os.kill(pid, signal.SIGKILL)
_, status = os.waitpid(pid, 0)
print(json.dumps({'seen': seen, 'status': os.waitstatus_to_exitcode(status)}))
`;

// A key that is pressed while a loaded machine has not yet handed the terminal over is lost, in a
// box as without one; such a conversation is held again.
describe.each(STARTERS)('the terminal of a box started by %s', { retry: 2 }, (starter) => {
  const play = (
    room: Room,
    program: readonly string[],
    talk: readonly (readonly [string, string])[],
    wrap: readonly string[] = [],
  ): { seen: string; status: number } => {
    const spec = specOf(room, {
      program,
      env: { PATH: '/usr/bin:/bin', HOME: '/home/box', TERM: 'xterm', PS1: '> ' },
    });
    const driver = [
      process.execPath,
      join(bench.dist, '../driver.mjs'),
      bench.dist,
      JSON.stringify(spec),
    ];
    const uid = starter === 'user' ? USER_ID : (process.getuid?.() ?? 0);
    const args = ['-c', PTY, String(uid), JSON.stringify(talk), ...wrap, ...driver];
    return JSON.parse(
      execFileSync('/usr/bin/python3', args, { encoding: 'utf8', cwd: room.folder }),
    );
  };
  const ROOM = (): Room => bench.room(starter);

  test('is one, with its size and the change of it', () => {
    const script =
      'trap "stty size; exit 5" WINCH; test -t 0 && test -t 1 && test -t 2 && echo is-tty; stty size; echo ready; while :; do sleep 0.05; done';
    const { seen } = play(ROOM(), ['bash', '-c', script], [['ready', 'size 30 100']]);
    expect(seen).toContain('is-tty');
    expect(seen).toContain('24 80');
    expect(seen).toContain('30 100');
  });

  test('opens again by name', () => {
    const { seen } = play(
      ROOM(),
      ['sh', '-c', 'echo one > /dev/tty; echo two > /dev/stderr; tty'],
      [],
    );
    expect(seen).toContain('one');
    expect(seen).toContain('two');
  });

  test('gives Ctrl-C to the program and not to the box', () => {
    const script = 'trap "echo caught; exit 6" INT; echo ready; while :; do read -t 0.2 x; done';
    const { seen } = play(
      ROOM(),
      ['bash', '-c', `${script}`],
      [
        ['ready', '\x03'],
        ['caught', ''],
      ],
    );
    expect(seen).toContain('caught');
  });

  test('has job control in an interactive shell', () => {
    const room = ROOM();
    // Starts no process, since one that is stopped while it is made stops its maker for good; and
    // says itself that it goes on, since a key that comes before would be lost.
    writeFileSync(
      join(room.workspace, 'patient.py'),
      "import signal, time\nsignal.signal(signal.SIGCONT, lambda *_: print('again', flush=True))\nprint('up', flush=True)\nfor _ in range(200): time.sleep(0.1)\n",
      { mode: 0o644 },
    );
    const { seen } = play(
      room,
      ['bash', '--norc', '-i'],
      [
        ['> ', '/usr/bin/python3 patient.py\r'],
        ['up\r', '\x1a'],
        ['Stopped', 'jobs\r'],
        ['Stopped', 'fg\r'],
        ['again\r', '\x03'],
        ['2004h> ', 'echo st=$?\r'],
        ['st=130', 'exit 3\r'],
      ],
    );
    expect(seen).not.toContain('no job control');
    expect(seen).toContain('Stopped');
    expect(seen).toContain('st=130');
  });

  test('can be stopped and continued from the shell outside', () => {
    const room = ROOM();
    const file = join(room.folder, 'run.sh');
    writeFileSync(file, 'set -m\n"$@"\necho outer-stopped\nfg >/dev/null\necho outer-done\n', {
      mode: 0o755,
    });
    const { seen } = play(
      room,
      ['bash', '-c', 'echo ready; read line; echo got=$line'],
      [
        ['ready', '\x1a'],
        ['outer-stopped', 'hello\r'],
        ['got=hello', ''],
      ],
      ['/bin/bash', file],
    );
    expect(seen).toContain('outer-stopped');
    expect(seen).toContain('got=hello');
    expect(seen).toContain('outer-done');
  });

  test('cannot be typed into by the program', () => {
    const inject = `import fcntl, termios, sys
try:
    for c in 'echo injected\\n': fcntl.ioctl(0, termios.TIOCSTI, c)
    print('typed')
except OSError as e: print('refused', e.errno)`;
    const { seen } = play(ROOM(), ['/usr/bin/python3', '-c', inject], []);
    expect(seen).toContain('refused 1');
    expect(seen).not.toContain('typed');
  });
});
