/** Rules of any text file. Each gives sentences, one for each fault. */

const FILE_LINES_MAX = 500;

/** Words that the glossary has better ones for, and marks of unfinished work. */
const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\bcapability tokens?\b/i, 'say power'],
  [/\bcredential proxy\b/i, 'say egress'],
  [/\bpermissions?\b/i, 'say power, grant or rule'],
  [/\b(?:TODO|FIXME)\b|\bXXX:/, 'finish it or open an issue'],
];

/** Where "permission" is the operating system's own word. */
const SYSTEM_WORDS = /\bpermissions? denied\b|\bfile permissions?\b|\bpermission bits?\b/gi;

/** A path of somebody's machine. `/home/box` and the like, which boxes have, are not. */
const MACHINE_PATH = /(?<![\w.])\/(?:work\/(?:main|shared)|Users\/\w+)\b/;

export function tooLong(text: string): readonly string[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > FILE_LINES_MAX ? [`${lines} lines`] : [];
}

export function nameFaults(file: string): readonly string[] {
  const parts = file.split('/');
  const name = parts.pop() ?? '';
  const isNotice = parts.length === 0 && /^[A-Z]+(?:\.md)?$/.test(name);
  const folders = parts.filter((part) => !/^\.?[a-z0-9]+(?:-[a-z0-9]+)*$/.test(part));
  const isKebab = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/.test(name);
  return isKebab || isNotice || name === 'README.md'
    ? folders.map((folder) => `the folder ${folder} is not kebab-case`)
    : ['the name is not kebab-case'];
}

export function bannedWords(text: string): readonly string[] {
  return text.split('\n').flatMap((line, index) => {
    const plain = line.replace(SYSTEM_WORDS, '');
    const words = BANNED.flatMap(([pattern, instead]) => {
      const found = pattern.exec(plain)?.[0];
      return found === undefined ? [] : [`line ${index + 1}: "${found}" (${instead})`];
    });
    const path = MACHINE_PATH.exec(line)?.[0];
    return path === undefined ? words : [...words, `line ${index + 1}: the machine path ${path}`];
  });
}

/** `exists` tells of a path from the root; `headings` gives the anchors of a Markdown file. */
export function brokenLinks(
  file: string,
  text: string,
  exists: (path: string) => boolean,
  anchors: (path: string) => readonly string[],
): readonly string[] {
  const links = [...withoutCode(text).matchAll(/\[[^\]]*\]\(([^)\s]+)\)/g)];
  return links.flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const parts = path === '' ? file.split('/') : file.split('/').slice(0, -1);
    for (const part of path.split('/')) {
      if (part === '..') parts.pop();
      else if (part !== '.' && part !== '') parts.push(part);
    }
    const full = parts.join('/');
    if (!exists(full)) return [`the link ${target} leads nowhere`];
    if (anchor === undefined || !full.endsWith('.md')) return [];
    return anchors(full).includes(anchor) ? [] : [`the link ${target} names no heading`];
  });
}

export function titleFaults(text: string): readonly string[] {
  const titles = withoutCode(text).match(/^# .+$/gm)?.length ?? 0;
  return titles === 1 ? [] : [`${titles} titles (# …) where one belongs`];
}

/** The anchors that a reader of Markdown makes of its headings. */
export function anchorsOf(text: string): readonly string[] {
  const headings = withoutCode(text).match(/^#+ .+$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function withoutCode(text: string): string {
  return text
    .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
    .replace(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()#]/g, ' '));
}
