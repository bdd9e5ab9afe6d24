/**
 * The promises of docs/security.md, and the tests that verify each. A promise stands there as
 * `**G1.** One sentence.` (guarantees) or `**L1.** One sentence.` (laws); here it has the same id
 * and the same sentence. `requirements.test.ts` fails when the two differ or a test is not there.
 */
export interface Requirement {
  readonly id: string;
  /** The sentence of docs/security.md, word for word. */
  readonly promise: string;
  /** At least one: a test file, and a part of the title of a test (or suite) in it. */
  readonly verifiedBy: readonly (readonly [file: string, title: string])[];
}

export const REQUIREMENTS: readonly Requirement[] = [
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
  {
    id: 'G1',
    promise:
      'A box has user, mount, pid, ipc, uts, cgroup and network namespaces of its own, no capability, and can gain none.',
    verifiedBy: [
      ['test/integration/box-start.test.ts', 'is an ordinary user without capabilities'],
      ['test/hostile/box-walls.test.ts', 'sees and reaches no process of the host'],
    ],
  },
  {
    id: 'G2',
    promise: 'Started by root, a box never runs as host uid 0, nor as the uid of another box.',
    verifiedBy: [['test/integration/box-start.test.ts', 'on an own host uid']],
  },
  {
    id: 'G3',
    promise:
      'The system calls that open kernel attack surface (ptrace, mounts, namespaces, keys, bpf, perf, io_uring, userfaultfd, kexec, modules, handles, raw, packet, netlink and vsock sockets) are refused.',
    verifiedBy: [
      ['test/hostile/box-system-calls.test.ts', 'are refused, each one that the filter names'],
      ['test/hostile/box-system-calls.test.ts', 'the positive control'],
    ],
  },
  {
    id: 'G4',
    promise:
      'No file descriptor of the starter but the three standard streams reaches the box, and none of those is a folder.',
    verifiedBy: [['test/hostile/box-walls.test.ts', 'cannot %s']],
  },
  {
    id: 'G5',
    promise: 'The box cannot push characters into the terminal that it shares with the person.',
    verifiedBy: [['test/integration/box-terminal.test.ts', 'cannot be typed into by the program']],
  },
  {
    id: 'G6',
    promise:
      'Nothing of a box survives its end, or the kill -9 of the command line that started it.',
    verifiedBy: [
      ['test/hostile/box-walls.test.ts', 'leaves no process behind when its starter is killed'],
      ['test/integration/cli-run.test.ts', 'that was killed with its starter is told of, once'],
    ],
  },
  {
    id: 'G7',
    promise:
      'Memory, processes, processors and space are bounded where they were asked to be, and `powerbox inspect` says how.',
    verifiedBy: [
      ['test/integration/box-limits.test.ts', 'the limits of a box started by'],
      ['test/integration/cli-run.test.ts', 'is listed, entered, read and stopped'],
    ],
  },
  {
    id: 'G8',
    promise:
      'Of a workspace that a box may write, it can write neither the hooks and settings of the git repositories that are there when it starts, nor powerbox.json, nor editor and shell start-up files; it cannot put them there where they are missing, nor others in the place of the folders that they lie in.',
    verifiedBy: [
      ['test/integration/box-protect.test.ts', 'is guarded where there was none'],
      ['test/integration/box-protect.test.ts', 'cannot %s'],
      ['test/integration/box-protect.test.ts', 'is guarded as a bare one'],
      ['test/integration/box-protect.test.ts', 'shows no file of the host'],
      ['test/integration/box-protect.test.ts', 'works with git as before'],
    ],
  },
  {
    id: 'G9',
    promise:
      'Secret files of the workspace, as they are when the box starts, are seen with their values replaced by placeholders of the same length.',
    verifiedBy: [
      ['test/integration/cli-run.test.ts', 'masks .env files'],
      ['src/vault/env-file.test.ts', 'keeps the length and the names, and no run of a value'],
    ],
  },
  {
    id: 'G10',
    promise: 'No mount can expose the vault or the state folder.',
    verifiedBy: [
      ['src/host/mounts.test.ts', 'refuses %s'],
      ['test/integration/cli-bad-input.test.ts', 'a workspace that holds the state folder'],
    ],
  },
  {
    id: 'G11',
    promise:
      "Taking a copy's changes into the real folder never follows a link that the box made, and never overwrites what the host has changed meanwhile.",
    verifiedBy: [
      ['test/integration/box-copy.test.ts', 'follows no link when it applies'],
      ['test/integration/box-copy.test.ts', 'refuses what the host changed meanwhile'],
    ],
  },
  {
    id: 'G12',
    promise:
      'Every TCP connection of the box, whatever it is told about proxies, arrives at the egress with its original destination; nothing else leaves, not by a socket of the host in a mounted folder either.',
    verifiedBy: [
      ['test/integration/box-start.test.ts', 'catches every TCP port'],
      ['test/hostile/egress/exfiltration.test.ts', '40-42 has no interface to leave by'],
    ],
  },
  {
    id: 'G13',
    promise: 'No DNS query of a box leaves the machine.',
    verifiedBy: [
      ['test/hostile/egress/exfiltration.test.ts', '40 is heard by no resolver of this machine'],
    ],
  },
  {
    id: 'G14',
    promise:
      "A name that leads to a private, local or reserved address is not dialled, unless the person's own configuration says where it is.",
    verifiedBy: [
      ['src/egress/address.test.ts', 'refuses each reserved address'],
      ['test/hostile/egress/destination.test.ts', '23 says that the address was the reason'],
    ],
  },
  {
    id: 'G15',
    promise: "An upstream whose certificate does not prove the target's name receives nothing.",
    verifiedBy: [
      ['test/hostile/egress/destination.test.ts', 'a server that does not prove its name'],
    ],
  },
  {
    id: 'G16',
    promise:
      'Ambiguous HTTP (two hosts, odd framing, dot segments, encoded separators, foreign upgrades) is refused before an upstream sees a byte of it.',
    verifiedBy: [
      ['test/hostile/egress/framing.test.ts', 'a request that two readers understand differently'],
      ['test/hostile/egress/framing.test.ts', 'a path that leads out of its rule'],
    ],
  },
  {
    id: 'G17',
    promise:
      "A value is put only into its own slot, only for its own origins, only in place of this box's placeholder, and only over verified TLS.",
    verifiedBy: [
      ['src/egress/credentials/fill-slots.test.ts', 'no value anywhere but in an exact slot'],
      ['test/hostile/egress/echo.test.ts', 'never by OPTIONS or outside its slot'],
      ['src/host/secret-refresh.test.ts', 'takes a secret away that is meant for elsewhere'],
      ['src/daemon/link/session-secrets.test.ts', 'takes away one that is meant for another slot'],
    ],
  },
  {
    id: 'G18',
    promise: 'On an origin that has a secret, no other credential is sent.',
    verifiedBy: [
      ['src/egress/credentials/fill-slots.test.ts', 'every other credential header and query key'],
      ['test/hostile/egress/exfiltration.test.ts', '43 arrives nowhere at all'],
      ['test/hostile/grants-in-flight.test.ts', 'sends no credential of a stranger'],
    ],
  },
  {
    id: 'G19',
    promise:
      'Echoes of the value in an answer, raw, base64 in every alignment, base64url, hex, percent-encoded or JSON-escaped, and across any chunk boundary, are replaced by the placeholder.',
    verifiedBy: [
      ['src/egress/scrub/scrubber.test.ts', 'replaces each form at every split'],
      ['test/hostile/egress/echo.test.ts', 'an honest server that repeats what it received'],
    ],
  },
  {
    id: 'G20',
    promise:
      'At rest, the vault is worthless without its key, and a changed file is refused whole.',
    verifiedBy: [
      ['src/vault/store.test.ts', 'opens no file in which any one bit of any byte was changed'],
      ['src/vault/store.test.ts', 'keeps no value, in any usual form, in what it writes'],
    ],
  },
  {
    id: 'G21',
    promise: 'No argument list, environment, log, error, journal row or core file holds a value.',
    verifiedBy: [
      ['test/integration/secret-process.test.ts', 'is in the arguments of no process'],
      [
        'test/hostile/egress/echo.test.ts',
        'leaves a row for every request, and the value in none of them',
      ],
    ],
  },
  {
    id: 'G22',
    promise: 'Placeholders are unguessable and mean nothing in another box.',
    verifiedBy: [
      ['src/vault/placeholder.test.ts', 'holds at least PLACEHOLDER_BITS_MIN random bits'],
    ],
  },
  {
    id: 'G23',
    promise:
      'Killing any process at any moment loses no row of a request that reached an upstream.',
    verifiedBy: [
      ['test/integration/journal-crash.test.ts', 'keeps every acknowledged row'],
      ['test/integration/egress-crash.test.ts', 'lets nothing leave unjudged, and loses no row'],
    ],
  },
  {
    id: 'G24',
    promise:
      'Editing, removing, adding, reordering or cutting rows is shown by `powerbox log verify`.',
    verifiedBy: [
      ['src/journal/journal.test.ts', 'sees %s'],
      ['src/journal/journal.test.ts', 'sees that the database was put back'],
      ['src/journal/journal.test.ts', 'sees with a noted head'],
      ['src/cli/commands/log.test.ts', 'prints a head that --expect takes'],
    ],
  },
  {
    id: 'G25',
    promise: 'What a box writes into a row cannot steer the terminal of whoever reads it.',
    verifiedBy: [
      ['src/cli/render/render.test.ts', 'escapes every field that a box had a hand in'],
      ['src/cli/render/render.test.ts', 'lets no control character through'],
    ],
  },
  {
    id: 'G26',
    promise:
      'A masked or guarded file that a program of the host replaces while the box runs is covered again, or the box is stopped.',
    verifiedBy: [
      ['test/hostile/replaced-files.test.ts', 'and that holds secrets is not seen in its new form'],
      ['test/hostile/replaced-files.test.ts', 'ends the box, since a link cannot be covered'],
    ],
  },
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
