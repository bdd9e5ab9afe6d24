import { spawn } from 'node:child_process';

/** What is waited for on the screen, and what is then typed. */
export type Exchange = readonly [shown: string, typed: string];

export interface Talked {
  readonly seen: string;
  readonly status: number;
}

const PTY = `
import json, os, pty, select, signal, sys, time
talk, argv = json.loads(sys.argv[1]), sys.argv[2:]
pid, fd = pty.fork()
if pid == 0: os.execv(argv[0], argv)
seen, at, deadline = '', 0, time.time() + 25
def read():
    global seen
    if select.select([fd], [], [], 0.1)[0]:
        try: data = os.read(fd, 65536)
        except OSError: return False
        if not data: return False
        seen += data.decode(errors='replace')
    return time.time() < deadline
for want, answer in talk:
    while want not in seen[at:]:
        if not read(): break
    at = seen.find(want, at) + len(want) if want in seen[at:] else len(seen)
    # A program that has printed a question may not read yet.
    time.sleep(0.1)
    if answer: os.write(fd, answer.encode())
while read(): pass
if time.time() >= deadline: os.kill(pid, signal.SIGKILL)
_, status = os.waitpid(pid, 0)
print(json.dumps({'seen': seen, 'status': os.waitstatus_to_exitcode(status)}))
`;

/** Runs a program on a terminal of its own and talks with it. */
export function talkWith(
  program: readonly string[],
  talk: readonly Exchange[],
  env: Readonly<Record<string, string>>,
): Promise<Talked> {
  return new Promise((done, fail) => {
    const child = spawn('python3', ['-c', PTY, JSON.stringify(talk), ...program], {
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', TERM: 'xterm', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', fail);
    child.once('close', () => {
      try {
        done(JSON.parse(output) as Talked);
      } catch (error) {
        fail(error);
      }
    });
  });
}
