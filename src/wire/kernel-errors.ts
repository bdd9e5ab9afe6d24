interface ErrorRow {
  readonly http: number;
  readonly exit: number;
  readonly retryable: boolean;
  readonly hint: string;
}

/** The failures of powers, grants and the daemon; errors.ts says what the columns mean. */
export const KERNEL_ERRORS = {
  // Powers, grants and those who hold them.
  'kind-unknown': { http: 400, exit: 64, retryable: false, hint: 'Run `powerbox power kinds`.' },
  'power-invalid': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'See `powerbox power add --help`.',
  },
  'power-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox power ls`.' },
  'guest-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox guest ls`.' },
  'guest-invalid': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'A name has letters, digits, ".", "_" and "-", 64 at most.',
  },
  'guest-exists': {
    http: 409,
    exit: 73,
    retryable: false,
    hint: 'Choose another name, or remove the guest first.',
  },
  'name-invalid': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'A name is words of letters, digits, ".", "_" and "-" with "/" between them.',
  },
  'name-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox name ls`.' },
  'name-taken': {
    http: 409,
    exit: 73,
    retryable: false,
    hint: 'Choose another name, or remove this one first.',
  },
  'grant-invalid': { http: 400, exit: 64, retryable: false, hint: 'See `powerbox grant --help`.' },
  'grant-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox grants`.' },
  'grant-revoked': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave it for a new grant.',
  },
  'grant-expired': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave it for a new grant.',
  },
  'grant-not-yet': { http: 403, exit: 75, retryable: true, hint: 'Wait until the grant begins.' },
  'grant-not-delegable': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave it for a grant that may be handed on.',
  },
  'grant-too-deep': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask somebody nearer to the host for the power.',
  },
  'grant-cycle': {
    http: 409,
    exit: 65,
    retryable: false,
    hint: 'Grant to somebody who is not on the way from the host to you.',
  },
  'narrowing-invalid': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'See `powerbox grant --help` for the rules of each kind.',
  },
  'narrowing-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave the power for a wider grant.',
  },
  'budget-spent': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave the power for a new budget.',
  },
  'rate-exceeded': { http: 429, exit: 75, retryable: true, hint: 'Wait, then try again.' },
  // Uses.
  'call-invalid': {
    http: 400,
    exit: 65,
    retryable: false,
    hint: 'Look at what the power describes of the method.',
  },
  'method-unknown': {
    http: 404,
    exit: 65,
    retryable: false,
    hint: 'Look at what the power describes.',
  },
  'reference-closed': {
    http: 410,
    exit: 69,
    retryable: false,
    hint: 'Get a new reference from the power.',
  },
  'power-failed': {
    http: 502,
    exit: 69,
    retryable: true,
    hint: 'Look at the message; the thing behind the power failed.',
  },
  'body-unreadable': {
    http: 400,
    exit: 65,
    retryable: false,
    hint: 'Send the body as strict JSON, without a content coding.',
  },
  'body-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave the power to allow this body.',
  },
  'file-unknown': { http: 404, exit: 66, retryable: false, hint: 'List the directory.' },
  'file-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Use a plain file inside the directory.',
  },
  'quota-exceeded': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Remove files, or ask for a larger quota.',
  },
  'statement-invalid': {
    http: 400,
    exit: 65,
    retryable: false,
    hint: 'Send one statement that the database can parse.',
  },
  'statement-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave the power for wider rules.',
  },
  'command-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave the power to allow these arguments.',
  },
  'model-refused': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask whoever gave the power to allow this model or setting.',
  },
  // Approval.
  'approval-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox pending`.' },
  'approval-decided': { http: 409, exit: 65, retryable: false, hint: 'Run `powerbox pending`.' },
  'approval-denied': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Ask the host before you try again.',
  },
  'approval-timeout': {
    http: 403,
    exit: 75,
    retryable: true,
    hint: 'Ask the host to look at `powerbox pending`, then try again.',
  },
  // Mail.
  'mail-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox inbox`.' },
  'mail-decided': { http: 409, exit: 65, retryable: false, hint: 'Run `powerbox inbox`.' },
  'mail-invalid': { http: 400, exit: 65, retryable: false, hint: 'See `powerbox request --help`.' },
  'mail-full': {
    http: 429,
    exit: 75,
    retryable: true,
    hint: 'Wait until some of it has been read.',
  },
  // The daemon.
  'daemon-unreachable': {
    http: 503,
    exit: 69,
    retryable: true,
    hint: 'Run `powerbox daemon status`.',
  },
  'daemon-running': { http: 409, exit: 75, retryable: true, hint: 'Run `powerbox daemon status`.' },
  'store-unavailable': {
    http: 503,
    exit: 69,
    retryable: true,
    hint: 'Check the disk that holds POWERBOX_HOME.',
  },
  'session-refused': {
    http: 401,
    exit: 77,
    retryable: false,
    hint: 'Use the token that `powerbox guest token` gives.',
  },
  'session-limit': {
    http: 429,
    exit: 75,
    retryable: true,
    hint: 'Send less at a time, and let go of references.',
  },
} as const satisfies Record<string, ErrorRow>;
