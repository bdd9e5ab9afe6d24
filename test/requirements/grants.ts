import type { Requirement } from './requirement.ts';

/** Powers, grants, and the daemon that holds them. */
export const GRANTS: readonly Requirement[] = [
  {
    id: 'G27',
    promise:
      'A reference is of one holder: no guest uses, passes on or names what another holds, unless it was granted.',
    verifiedBy: [
      ['src/kernel/delegate.test.ts', 'whatever they try with what they hold'],
      ['test/hostile/gateway-guest.test.ts', 'cannot name the objects of another session'],
      ['test/hostile/gateway-guest.test.ts', 'cannot hand its objects to another through a door'],
    ],
  },
  {
    id: 'G28',
    promise:
      'A budget is conserved: of a grant and all that hangs on it no more is used than it allows, whoever uses at once and whatever is killed.',
    verifiedBy: [
      ['src/kernel/budgets.test.ts', 'are conserved, whoever spends at once'],
      ['src/kernel/budgets.test.ts', 'is still spent when the kernel is opened again'],
      ['test/hostile/grants-in-flight.test.ts', 'pays for what it does not hear'],
      ['test/hostile/grants-in-flight.test.ts', 'what one call after the other would not'],
      ['test/e2e/story.test.ts', 'works ten times, also when the daemon is killed'],
    ],
  },
  {
    id: 'G29',
    promise: 'A call that waits for the host is done once and as it was shown, or not at all.',
    verifiedBy: [
      ['src/kernel/approvals.test.ts', 'does the very call that was approved'],
      ['src/kernel/approvals.test.ts', 'does not do what was revoked or spent'],
    ],
  },
  {
    id: 'G30',
    promise:
      'What comes back through a grant carries the grant, and what a holder hands in is called only while the grant lives.',
    verifiedBy: [
      ['src/kernel/use.test.ts', 'carries the grant: its narrowing, its record and its end'],
      ['src/kernel/given-objects.test.ts', 'when the time of a grant on the way is over'],
      ['src/kernel/use.test.ts', 'is called back only while the grant lives'],
      ['src/ocap/membrane.test.ts', 'keeps identity on every round trip'],
    ],
  },
  {
    id: 'G32',
    promise:
      'Killing the daemon at any moment loses no change that was acknowledged, and leaves none by half.',
    verifiedBy: [
      ['test/integration/kernel-crash.test.ts', 'keeps what was acknowledged'],
      ['test/integration/daemon.test.ts', 'keeps guests, names, grants and mail through kill -9'],
    ],
  },
  {
    id: 'G33',
    promise:
      "The socket of the daemon is its user's alone, and its port opens to a guest's token only, under a name of this machine, and to no page of elsewhere.",
    verifiedBy: [
      ['test/integration/gateway.test.ts', 'lies in the home, for its owner alone'],
      ['test/hostile/gateway-port.test.ts', 'is refused under another name of this machine'],
      ['test/hostile/gateway-port.test.ts', 'cannot guess for long'],
    ],
  },
  {
    id: 'G34',
    promise:
      'A peer of the daemon can make it hold a bounded amount of memory, calls, objects and connections, whatever it sends.',
    verifiedBy: [
      ['test/hostile/gateway-socket.test.ts', 'cannot hold more calls than it may'],
      ['test/hostile/gateway-guest.test.ts', 'cannot hold more powers than it may'],
      ['test/hostile/gateway-guest.test.ts', 'is cut when it does not read what it asked for'],
      ['src/kernel/delegate.test.ts', 'is bounded in what the rules of its grants say'],
    ],
  },
  {
    id: 'G35',
    promise:
      'A `files` power gives and changes nothing outside its directory, whoever swaps links and folders meanwhile.',
    verifiedBy: [
      ['test/hostile/power-files-races.test.ts', 'never gives a byte or a name of it'],
      [
        'test/hostile/power-files-races.test.ts',
        'never lets anything be written, moved or removed in it',
      ],
    ],
  },
  {
    id: 'G37',
    promise:
      'A `command` power runs its program in a box of its own, which holds nothing but what the power names.',
    verifiedBy: [
      ['test/integration/power-command.test.ts', 'has nothing: no environment, no files'],
      ['test/integration/power-command.test.ts', 'reaches no network'],
    ],
  },
  {
    id: 'G31',
    promise:
      'An egress that does not answer a revocation in time is ended, and the next one begins without what was taken back.',
    verifiedBy: [
      [
        'test/integration/box-grants.test.ts',
        'is ended when something must be cut, and begins anew',
      ],
      ['test/integration/box-grants.test.ts', 'loses what is taken back before it is linked again'],
    ],
  },
  {
    id: 'G36',
    promise:
      'A `sql` power shows and changes no table, column or row that its narrowing leaves out, whatever the statement.',
    verifiedBy: [
      ['test/integration/power-sql-postgres.test.ts', 'gives what views of the owner'],
      [
        'test/integration/power-sql-postgres.test.ts',
        'changes no row of another tenant, for any change',
      ],
      ['test/integration/power-sql.test.ts', 'tells nothing of hidden rows'],
      [
        'test/integration/power-sql-sqlite.test.ts',
        'holds the second wall also when the first had a hole',
      ],
    ],
  },
  {
    id: 'G38',
    promise: 'A `secret` power signs, verifies and derives, and never gives a byte of the value.',
    verifiedBy: [
      ['src/powers/secret/live.test.ts', 'shows the value in no result and in no error'],
      ['src/powers/secret/live.test.ts', 'derives a key of its own for each purpose'],
    ],
  },
  {
    id: 'G39',
    promise:
      'A rule on a body judges the very bytes that are sent, and a body that can be read in two ways is refused.',
    verifiedBy: [
      ['test/hostile/power-http.test.ts', 'byte for byte, however it is framed'],
      ['test/hostile/power-http.test.ts', 'a grant with rules for bodies'],
      ['test/hostile/power-http.test.ts', 'a grant with rules for GraphQL'],
    ],
  },
];
