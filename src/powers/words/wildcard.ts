/**
 * Does the text match the pattern, in which each `*` stands for any run of characters, also for
 * none? Takes at most the product of both lengths, as only the last `*` is ever tried again.
 */
export function matchWildcard(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[from] === '*') {
      star = from;
      resume = at;
      from += 1;
    } else if (pattern[from] === text[at]) {
      from += 1;
      at += 1;
    } else if (star === -1) {
      return false;
    } else {
      resume += 1;
      at = resume;
      from = star + 1;
    }
  }
  while (pattern[from] === '*') from += 1;
  return from === pattern.length;
}

export function matchesAny(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchWildcard(pattern, text));
}
