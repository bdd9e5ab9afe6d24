/** Longest value, in UTF-8 bytes. Servers refuse header fields beyond 8 to 16 KiB. */
export const SECRET_BYTES_MAX: number = 16 * 1024;
/** Shortest value without `--short`. Scrubbing a shorter string out of answers would damage them. */
export const SECRET_CHARS_MIN: number = 12;
/** Longest name. The name is a file name too, and file systems stop at 255. */
export const NAME_CHARS_MAX: number = 128;
/** Longest header or query name in a slot; far above any in use. */
export const SLOT_NAME_CHARS_MAX: number = 128;
/** Longest text of an origin: a name of 253 characters (RFC 1035 §2.3.4), scheme and port. */
export const ORIGIN_CHARS_MAX: number = 280;
/** Origins that one secret may go to. More is a sign of a secret that is bound to everything. */
export const ORIGINS_MAX: number = 64;
/** Longest command text of `--from-command`; what is longer belongs in a script. */
export const COMMAND_BYTES_MAX: number = 8 * 1024;
/** How long a key command or a secret's command may take before it is killed. */
export const COMMAND_MS_MAX: number = 10_000;
/** How long the output of a secret's command is kept when `--ttl` does not say. */
export const TTL_MS_DEFAULT: number = 5 * 60_000;
/** Shortest `--ttl`: below a second every use would run the command. */
export const TTL_MS_MIN: number = 1_000;
/** Longest `--ttl`: a value that holds longer than a day need not come from a command. */
export const TTL_MS_MAX: number = 24 * 3_600_000;
/** Largest file of the vault. The largest value and command, with bindings, stay well below it. */
export const VAULT_FILE_BYTES_MAX: number = 128 * 1024;
/** Largest file that is masked. A larger one is not a file of settings. */
export const MASK_BYTES_MAX: number = 1024 * 1024;
/** What a placeholder must be worth, so that no box guesses another's. */
export const PLACEHOLDER_BITS_MIN: number = 48;
/** Longest run of characters that a placeholder may share with its value, prefix apart. */
export const PLACEHOLDER_SHARED_RUN_MAX: number = 5;
/** Former values of one secret that are still recognised; a secret is rotated a few times a year. */
export const FORMER_VALUES_MAX: number = 16;
/** Bytes at the end of a value by which it is recognised: more proves nothing more. */
export const RECOGNISED_BYTES_MAX: number = 256;
/** The last bytes of a value that are looked for first; the shortest value without `--short`. */
export const WINDOW_BYTES: number = 12;
