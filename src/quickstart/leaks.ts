/** Parts of this length cannot come from anywhere else by chance. */
const PLAIN_CHARS = 8;
const ENCODED_CHARS = 12;

/**
 * The names of the forms in which `text` holds a part of `token`, even a short one: plain, reversed,
 * base64 and hexadecimal. The beginning up to `_` is left out; it is no secret, and a placeholder
 * has it too.
 */
export function leaksIn(text: string, token: string): readonly string[] {
  const secret = token.slice(token.indexOf('_') + 1);
  const bytes = Buffer.from(secret);
  const forms: [string, string, number][] = [
    ['plain', secret, PLAIN_CHARS],
    ['reversed', [...secret].reverse().join(''), PLAIN_CHARS],
    ['hexadecimal', bytes.toString('hex'), ENCODED_CHARS],
    ['hexadecimal', bytes.toString('hex').toUpperCase(), ENCODED_CHARS],
  ];
  for (const before of [0, 1, 2]) {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    // The characters at both ends depend on what stands beside the secret.
    forms.push(['base64', whole.slice(before === 0 ? 0 : 4, -4), ENCODED_CHARS]);
  }
  const plainText = text.replaceAll('+', '-').replaceAll('/', '_');
  const found = forms.filter(
    ([, form, chars]) => holdsPart(text, form, chars) || holdsPart(plainText, form, chars),
  );
  return [...new Set(found.map(([name]) => name))];
}

function holdsPart(text: string, form: string, chars: number): boolean {
  for (let start = 0; start + chars <= form.length; start += 1) {
    if (text.includes(form.slice(start, start + chars))) return true;
  }
  return false;
}
