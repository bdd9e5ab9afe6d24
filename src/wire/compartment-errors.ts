/** Failures of compartments and agents. A part of `ERRORS`. */
export const COMPARTMENT_ERRORS = {
  // Before it runs: the message has file, line and column.
  'source-invalid': { http: 400, exit: 65, retryable: false, hint: 'Mend the source.' },
  'module-missing': {
    http: 400,
    exit: 66,
    retryable: false,
    hint: 'Name the package in the policy, or give the module with the program.',
  },
  // It uses a name that it was not given.
  'endowment-missing': {
    http: 403,
    exit: 77,
    retryable: false,
    hint: 'Grant it with --give NAME=POWER.',
  },
  // The code itself threw; the message is its own.
  'evaluation-failed': {
    http: 422,
    exit: 65,
    retryable: false,
    hint: 'Look at the line that the message names.',
  },
  'not-passable': {
    http: 422,
    exit: 65,
    retryable: false,
    hint: 'Give plain data, a function, or an object marked with Far.',
  },
  // Memory, time, processor or output was used up; the compartment is gone.
  'compartment-limit': {
    http: 429,
    exit: 75,
    retryable: false,
    hint: 'Make a new one, with a higher limit if it needs it.',
  },
  // The library: `lockdown` was not called, or something else locked the process down.
  'not-locked-down': {
    http: 500,
    exit: 70,
    retryable: false,
    hint: 'Call lockdown() of powerbox/ocap before anything else.',
  },
  'compartment-ended': { http: 410, exit: 69, retryable: false, hint: 'Make a new one.' },
  'compartment-unknown': {
    http: 404,
    exit: 66,
    retryable: false,
    hint: 'It has ended, or is not yours.',
  },
  'agent-unknown': { http: 404, exit: 66, retryable: false, hint: 'Run `powerbox agent ls`.' },
  'agent-running': { http: 409, exit: 75, retryable: true, hint: 'Stop it first.' },
  'agent-failed': { http: 502, exit: 70, retryable: true, hint: 'Read the journal of its guest.' },
  'model-unknown': {
    http: 400,
    exit: 64,
    retryable: false,
    hint: 'Name it as openai/NAME, anthropic/NAME or ollama/NAME.',
  },
} as const;
