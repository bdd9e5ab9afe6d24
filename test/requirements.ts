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
      ['test/hostile/egress-echo.test.ts', 'received the value from the box all the while'],
    ],
  },
  {
    id: 'L3',
    promise:
      'One choke point: every request of a box passes through one function that judges it, fills its slots and records it, in that order.',
    verifiedBy: [
      ['test/choke-point.test.ts', 'is passed by everything that reaches an upstream'],
      ['test/choke-point.test.ts', 'writes the row before it gives a use away'],
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
    ],
  },
  {
    id: 'L6',
    promise:
      'One target: rule, secret, dial, SNI, certificate check, Host header and journal row of a request come from one frozen object.',
    verifiedBy: [['test/hostile/egress-destination.test.ts', 'a request that names several hosts']],
  },
  {
    id: 'L7',
    promise:
      'What was judged is what is sent: the canonical path and query that the rules saw are the bytes on the wire.',
    verifiedBy: [
      ['test/hostile/egress-framing.test.ts', '32 arrives, if at all, in the one strict form'],
      ['test/hostile/egress-framing.test.ts', '25-27 is all that does not arrive'],
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
      ['test/hostile/egress-exfiltration.test.ts', '40-42 has no interface to leave by'],
    ],
  },
  {
    id: 'G13',
    promise: 'No DNS query of a box leaves the machine.',
    verifiedBy: [
      ['test/hostile/egress-exfiltration.test.ts', '40 is heard by no resolver of this machine'],
    ],
  },
  {
    id: 'G14',
    promise:
      "A name that leads to a private, local or reserved address is not dialled, unless the person's own configuration says where it is.",
    verifiedBy: [
      ['src/egress/address.test.ts', 'refuses each reserved address'],
      ['test/hostile/egress-destination.test.ts', '23 says that the address was the reason'],
    ],
  },
  {
    id: 'G15',
    promise: "An upstream whose certificate does not prove the target's name receives nothing.",
    verifiedBy: [
      ['test/hostile/egress-destination.test.ts', 'a server that does not prove its name'],
    ],
  },
  {
    id: 'G16',
    promise:
      'Ambiguous HTTP (two hosts, odd framing, dot segments, encoded separators, foreign upgrades) is refused before an upstream sees a byte of it.',
    verifiedBy: [
      ['test/hostile/egress-framing.test.ts', 'a request that two readers understand differently'],
      ['test/hostile/egress-framing.test.ts', 'a path that leads out of its rule'],
    ],
  },
  {
    id: 'G17',
    promise:
      "A value is put only into its own slot, only for its own origins, only in place of this box's placeholder, and only over verified TLS.",
    verifiedBy: [
      ['src/egress/credentials/fill-slots.test.ts', 'no value anywhere but in an exact slot'],
      ['test/hostile/egress-echo.test.ts', 'never by OPTIONS or outside its slot'],
    ],
  },
  {
    id: 'G18',
    promise: 'On an origin that has a secret, no other credential is sent.',
    verifiedBy: [
      ['src/egress/credentials/fill-slots.test.ts', 'every other credential header and query key'],
      ['test/hostile/egress-exfiltration.test.ts', '43 arrives nowhere at all'],
    ],
  },
  {
    id: 'G19',
    promise:
      'Echoes of the value in an answer, raw, base64 in every alignment, base64url, hex, percent-encoded or JSON-escaped, and across any chunk boundary, are replaced by the placeholder.',
    verifiedBy: [
      ['src/egress/scrub/scrubber.test.ts', 'replaces each form at every split'],
      ['test/hostile/egress-echo.test.ts', 'an honest server that repeats what it received'],
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
        'test/hostile/egress-echo.test.ts',
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
    verifiedBy: [['test/integration/journal-crash.test.ts', 'keeps every acknowledged row']],
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
];
