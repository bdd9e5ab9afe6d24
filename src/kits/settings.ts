/** Names under which settings keep credentials: of JSON and TOML keys, headers and variables. */
const NAME =
  /(?:api[-_]?key|token|secret|passw(?:or)?d|passphrase|credential|authorization|cookie)/i;

/** `"name": "value"`, `name = "value"` or `name=value`, with a value of 12 characters or more. */
const PAIR = /["']?([\w.-]{1,80})["']?[ \t]*[:=][ \t]*["']?([^\s"',}{[\]]{12,})/g;

/** What well-known keys begin with, and credentials inside a URL. */
const VALUE =
  /\b(?:sk-|sk_|ghp_|gho_|ghs_|ghu_|github_pat_|glpat-|xox[abps]-|AIza|AKIA|npm_|hf_|eyJ)[\w-]{12,}|:\/\/[^/\s:@]{1,80}:[^/\s@]{6,}@|\bBearer[ \t]+[\w.~+/-]{12,}/;

/**
 * True when settings seem to hold a credential, as those of tool servers often do. Such a file is
 * not copied into a box. It errs on the side of leaving a harmless file out.
 */
export function holdsCredential(text: string): boolean {
  if (VALUE.test(text)) return true;
  return [...text.matchAll(PAIR)].some(([, name = '', value = '']) => {
    // A reference such as ${TOKEN} or env:TOKEN holds nothing, and neither does a name.
    return NAME.test(name) && !/^(?:\$|env:)/.test(value) && !/^[A-Z][A-Z0-9_]*$/.test(value);
  });
}
