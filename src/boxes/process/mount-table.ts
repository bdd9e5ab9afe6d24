import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { relative, resolve } from 'node:path';

/** One line of /proc/PID/mountinfo, see proc(5). */
interface MountLine {
  readonly device: string;
  /** What of the device's file system is mounted. */
  readonly root: string;
  readonly point: string;
}

/** `device path` of everything that is mounted in any namespace that this user may look into. */
export function mountedPaths(): Set<string> {
  const paths = new Set<string>();
  const seen = new Set<string>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
      if (seen.has(namespace)) continue;
      seen.add(namespace);
      for (const { device, root } of mountLines(pid)) paths.add(`${device} ${root}`);
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return paths;
}

/** A function that names a path of this namespace as `mountedPaths` names it. */
export function identityHere(): (path: string) => string {
  // Of several mounts at one point the last covers the others.
  const lines = mountLines('self').reverse();
  return (path) => {
    const covering = lines
      .filter(({ point }) => point === '/' || path === point || path.startsWith(`${point}/`))
      .sort((a, b) => b.point.length - a.point.length)[0];
    if (covering === undefined) return path;
    return `${covering.device} ${resolve(covering.root, relative(covering.point, path))}`;
  };
}

function mountLines(pid: string): MountLine[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, , device = '', root = '', point = ''] = line.split(' ');
      return { device, root: unescaped(root), point: unescaped(point) };
    });
}

function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
