import { COMPARTMENT_ERRORS } from './compartment-errors.ts';
import { KERNEL_ERRORS } from './kernel-errors.ts';

/**
 * The one table of failures. A code is a promise: programs match on it, so a code never changes
 * its meaning. `http` is what a box is answered, `exit` what a shell sees (sysexits(3): 64 usage,
 * 65 data, 66 no input, 69 unavailable, 70 internal, 73 cannot create, 75 try again, 77 not
 * permitted, 78 configuration).
 */
export const ERRORS = {
  ...KERNEL_ERRORS,
  ...COMPARTMENT_ERRORS,
  // Asking the command line for something it does not have.
  usage: { http: 400, exit: 64, retryable: false, hint: 'Run `powerbox --help`.' },
  'program-missing': {
    http: 400,
    exit: 66,
    retryable: false,
    hint: 'Name a program after `--`, or mount the folder that holds it.',
  },
  'mount-unreadable': { http: 400, exit: 66, retryable: false, hint: 'Check the path of --mount.' },
  'mount-exposes-state': {
    http: 400,
    exit: 77,
    retryable: false,
    hint: 'Choose a folder that does not hold POWERBOX_HOME.',
  },
  'box-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox ls --all`.' },
  'box-running': { http: 409, exit: 75, retryable: true, hint: 'Run `powerbox stop BOX` first.' },
  'box-ended': {
    http: 409,
    exit: 69,
    retryable: false,
    hint: 'Run `powerbox ls` to see what is running.',
  },
  'box-no-copy': {
    http: 409,
    exit: 65,
    retryable: false,
    hint: 'Start the box with `--workspace copy`.',
  },
  'copy-conflict': {
    http: 409,
    exit: 75,
    retryable: false,
    hint: 'Look at it with `powerbox diff BOX`.',
  },
  'box-forbidden': { http: 500, exit: 69, retryable: false, hint: 'Run `powerbox doctor`.' },
  'box-failed': { http: 500, exit: 70, retryable: true, hint: 'Run again with --debug.' },
  'mask-too-large': { http: 400, exit: 65, retryable: false, hint: 'Mount a smaller folder.' },
  'limit-invalid': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'Use a number with a unit, for example --memory 512M.',
  },
  'state-unusable': {
    http: 500,
    exit: 73,
    retryable: false,
    hint: 'Check that POWERBOX_HOME is a folder that only you can write.',
  },
  'config-invalid': {
    http: 500,
    exit: 78,
    retryable: false,
    hint: 'Mend config.json in POWERBOX_HOME.',
  },
  // Rules and policies.
  'rule-invalid': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'A rule is [METHOD[,METHOD] ]HOST-or-ORIGIN[/PATH].',
  },
  'policy-invalid': {
    http: 400,
    exit: 78,
    retryable: false,
    hint: 'See `powerbox policy schema`.',
  },
  'policy-not-accepted': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Read the difference, then run with --accept-policy.',
  },
  // Secrets.
  'secret-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox secret ls`.' },
  'secret-invalid': {
    http: 400,
    exit: 65,
    retryable: false,
    hint: 'See `powerbox secret set --help`.',
  },
  'secret-no-origin': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'Say which origin may receive it with --for ORIGIN.',
  },
  'secret-source-failed': {
    http: 503,
    exit: 69,
    retryable: true,
    hint: 'Run the command of --from-command yourself and look at what it prints.',
  },
  'vault-unreadable': {
    http: 500,
    exit: 78,
    retryable: false,
    hint: 'The vault and its key do not belong together; restore the key file.',
  },
  // Verdicts of the egress. The box reads these codes.
  'not-granted': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask the person who started this box to allow it.',
  },
  'method-not-granted': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask the person who started this box to allow the method.',
  },
  'path-not-granted': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask the person who started this box to allow the path.',
  },
  'target-mismatch': {
    http: 421,
    exit: 77,
    retryable: false,
    hint: 'Use one name for the connection, SNI and Host.',
  },
  'request-malformed': {
    http: 400,
    exit: 65,
    retryable: false,
    hint: 'Send a request that is well-formed HTTP/1.1 or HTTP/2.',
  },
  'path-ambiguous': {
    http: 400,
    exit: 65,
    retryable: false,
    hint: 'Write the path without dot segments, backslashes or encoded separators.',
  },
  'credential-foreign': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Use the placeholder that the box was given, and no other credential.',
  },
  'secret-leaked': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Use the placeholder that the box was given; the value is known, so it must be replaced.',
  },
  'address-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Private addresses are reached only through egress.hosts in config.json.',
  },
  'protocol-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Only TLS and HTTP leave a box.',
  },
  'certificate-invalid': {
    http: 502,
    exit: 69,
    retryable: false,
    hint: 'The upstream server could not prove its name.',
  },
  'upstream-unreachable': { http: 502, exit: 69, retryable: true, hint: 'Try again later.' },
  'upstream-timeout': { http: 504, exit: 69, retryable: true, hint: 'Try again later.' },
  'response-unscrubbable': {
    http: 502,
    exit: 69,
    retryable: false,
    hint: 'The upstream used a coding that cannot be read.',
  },
  'limit-exceeded': { http: 429, exit: 75, retryable: true, hint: 'Send less at a time.' },
  'egress-down': { http: 503, exit: 69, retryable: true, hint: 'Start the box again.' },
  // The record.
  'journal-broken': {
    http: 500,
    exit: 65,
    retryable: false,
    hint: 'The record was changed outside Powerbox; keep a copy of it.',
  },
  'journal-unavailable': {
    http: 503,
    exit: 69,
    retryable: true,
    hint: 'Check the disk that holds POWERBOX_HOME.',
  },
  internal: {
    http: 500,
    exit: 70,
    retryable: false,
    hint: 'Run again with --debug and report what it prints.',
  },
} as const satisfies Record<string, ErrorRow>;

interface ErrorRow {
  readonly http: number;
  readonly exit: number;
  readonly retryable: boolean;
  readonly hint: string;
}

export type ErrorCode = keyof typeof ERRORS;

const BRAND = Symbol.for('powerbox.error');

/** The only error that Powerbox means a person or a program to read. Holds no secret. */
export class PowerboxError extends Error {
  readonly code: ErrorCode;
  /** What to do, when it is more exact than the table's own hint. */
  readonly hint: string;
  readonly [BRAND] = true;

  /** `message` is one sentence that says what failed and where; never a secret's value. */
  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PowerboxError';
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
  }

  get exitStatus(): number {
    return ERRORS[this.code].exit;
  }

  get httpStatus(): number {
    return ERRORS[this.code].http;
  }

  /** True for an error of any copy of this package, where `instanceof` would not be. */
  static is(value: unknown): value is PowerboxError {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  toJSON(): { code: ErrorCode; message: string; hint: string; retryable: boolean } {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retryable: ERRORS[this.code].retryable,
    };
  }
}
