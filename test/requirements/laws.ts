import type { Requirement } from './requirement.ts';

/** The laws. */
export const LAWS: readonly Requirement[] = [
  {
    id: 'L1',
    promise:
      "Nothing by default: a new box reaches no network, no file of the host but the system's programs and what was mounted, no environment of the host, and no process outside.",
    verifiedBy: [
      ['test/integration/cli-run.test.ts', 'shows an empty home and none of the host environment'],
      ['test/hostile/box-walls.test.ts', 'a hostile program in a box started by'],
      ['test/integration/box-start.test.ts', 'has the environment it was given and nothing else'],
      ['src/powers/http/kind.test.ts', 'nothing by default'],
    ],
  },
  {
    id: 'L2',
    promise:
      "Never present: no execution of a box yields a byte of a secret's value, in memory, files, environment, `/proc`, answers, error pages or logs.",
    verifiedBy: [
      ['test/hostile/egress/echo.test.ts', 'received the value from the box all the while'],
    ],
  },
  {
    id: 'L3',
    promise:
      'One choke point: every request of a box passes through one function that judges it, fills its slots and records it, in that order; every other use of a power passes through one in the kernel that does the same.',
    verifiedBy: [
      ['test/choke-point.test.ts', 'is passed by everything that reaches an upstream'],
      ['test/choke-point.test.ts', 'writes the row before it gives a use away'],
      ['test/choke-point.test.ts', 'is the only place in which a power is called'],
      ['src/kernel/use.test.ts', 'does nothing that cannot be recorded'],
    ],
  },
  {
    id: 'L4',
    promise:
      'Only narrower: adding a narrowing to a grant never permits a call that was refused without it.',
    verifiedBy: [
      ['src/powers/http/kind.test.ts', 'naming methods or a path never allows more'],
      ['src/powers/http/kind.test.ts', 'taking methods away never allows more'],
      ['src/ocap/judge.test.ts', 'allows exactly what one of the grants allows'],
      ['src/kernel/delegate.test.ts', 'allows only less than the one it hangs on'],
      ['test/support/narrowing-laws.ts', 'only narrows: what a child permits'],
      [
        'src/powers/http/narrower.test.ts',
        'a chain permits only what each of its narrowings permits',
      ],
      [
        'test/hostile/authority-attenuation.test.ts',
        'may in no hand what it may not in an earlier one',
      ],
    ],
  },
  {
    id: 'L5',
    promise:
      'Revocation is now, whole and durable: when `revoke` has returned, nothing derived from the grant works anywhere, what was in flight is cut, and it stays so after a crash.',
    verifiedBy: [
      ['src/kernel/revoke.test.ts', 'a revocation ends exactly what cannot be reached any more'],
      ['src/kernel/revoke.test.ts', 'cuts what is in flight under it at once'],
      ['test/e2e/story.test.ts', 'ends for everyone when it is taken back'],
      ['test/e2e/story.test.ts', 'stays ended when the daemon is killed'],
      ['test/integration/kernel-crash.test.ts', 'keeps what was acknowledged'],
      [
        'test/hostile/authority-programs.test.ts',
        'ends with its grant, reaches no further than what it hangs on, and leaves its row',
      ],
      [
        'test/hostile/authority-compartments.test.ts',
        'works no more after the daemon was killed and came back',
      ],
    ],
  },
  {
    id: 'L6',
    promise:
      'One target: rule, secret, dial, SNI, certificate check, Host header and journal row of a request come from one frozen object.',
    verifiedBy: [['test/hostile/egress/destination.test.ts', 'a request that names several hosts']],
  },
  {
    id: 'L7',
    promise:
      'What was judged is what is sent: the canonical path and query that the rules saw, and the body where one was judged, are the bytes on the wire.',
    verifiedBy: [
      ['test/hostile/egress/framing.test.ts', '32 arrives, if at all, in the one strict form'],
      ['test/hostile/egress/framing.test.ts', '25-27 is all that does not arrive'],
      ['test/hostile/power-http.test.ts', 'byte for byte, however it is framed'],
    ],
  },
  {
    id: 'L8',
    promise:
      'The journal is complete and cannot be quietly edited: a row exists before a request leaves, and a keyed hash chain shows any change, removal or cut.',
    verifiedBy: [
      ['test/integration/journal-crash.test.ts', 'keeps every acknowledged row'],
      ['src/journal/journal.test.ts', 'sees %s'],
      ['src/journal/journal.test.ts', 'sees that the database was put back'],
      ['test/hostile/authority-audit.test.ts', 'the record of a kernel that is killed'],
    ],
  },
  {
    id: 'L9',
    promise:
      'A refusal explains itself: a stable code and one sentence reach the program, the person and the journal alike.',
    verifiedBy: [
      ['src/powers/http/kind.test.ts', 'the nearest refusal explains'],
      [
        'test/integration/clients-http.test.ts',
        'is named to the person when its destination is refused',
      ],
    ],
  },
  {
    id: 'L10',
    promise: 'Fail closed: what is not understood, not recorded or not decided is not done.',
    verifiedBy: [
      ['src/kernel/revoke.test.ts', 'cuts what cannot be written'],
      [
        'src/kernel/revoke.test.ts',
        'keeps a use from beginning whose power was still being opened',
      ],
      ['test/integration/journal-crash.test.ts', 'refuses to append, and stays whole'],
      ['src/journal/journal.test.ts', 'does not append to a journal that was cut'],
    ],
  },
  {
    id: 'L11',
    promise:
      'The box cannot write what governs it: policy file, vault, certificate authority, journal.',
    verifiedBy: [
      ['test/integration/cli-bad-input.test.ts', 'a workspace that holds the state folder'],
      ['test/integration/box-protect.test.ts', 'is guarded where there was none'],
      ['test/integration/box-protect.test.ts', 'cannot %s'],
      ['test/integration/box-protect.test.ts', 'is guarded as a bare one'],
      ['test/integration/box-protect.test.ts', 'shows no file of the host'],
      ['test/integration/cli-run.test.ts', 'takes effect only once it is accepted'],
    ],
  },
];
