/**
 * Is this name one below which strangers register their own names? A wildcard there would be a
 * grant to everybody.
 */
export type IsPublicSuffix = (name: string) => boolean;

type PublicSuffixList = Pick<typeof import('tldts'), 'getPublicSuffix'>;

/**
 * Loads the public suffix list, its private section (`github.io`, `pages.dev`) included. Takes
 * some milliseconds, so it is loaded only once a rule has a wildcard. Of a top-level domain that
 * the list does not have, the list's own default rule holds: it is a public suffix.
 */
export async function loadPublicSuffix(): Promise<IsPublicSuffix> {
  return publicSuffixBy(await import('tldts'));
}

/** The same of a list that is loaded. */
export function publicSuffixBy({ getPublicSuffix }: PublicSuffixList): IsPublicSuffix {
  return (name) => {
    const suffix = getPublicSuffix(name, {
      allowPrivateDomains: true,
      extractHostname: false,
      validateHostname: false,
    });
    return suffix === null || suffix === name;
  };
}
