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
    verifiedBy: [],
  },
  {
    id: 'L2',
    promise:
      "Never present: no execution of a box yields a byte of a secret's value, in memory, files, environment, `/proc`, answers, error pages or logs.",
    verifiedBy: [],
  },
  {
    id: 'L3',
    promise:
      'One choke point: every request of a box passes through one function that judges it, fills its slots and records it, in that order.',
    verifiedBy: [],
  },
  {
    id: 'L4',
    promise:
      'Only narrower: adding a narrowing to a grant never permits a call that was refused without it.',
    verifiedBy: [],
  },
  {
    id: 'L6',
    promise:
      'One target: rule, secret, dial, SNI, certificate check, Host header and journal row of a request come from one frozen object.',
    verifiedBy: [],
  },
  {
    id: 'L7',
    promise:
      'What was judged is what is sent: the canonical path and query that the rules saw are the bytes on the wire.',
    verifiedBy: [],
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
    verifiedBy: [],
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
    verifiedBy: [],
  },
  {
    id: 'G1',
    promise:
      'A box has user, mount, pid, ipc, uts, cgroup and network namespaces of its own, no capability, and can gain none.',
    verifiedBy: [],
  },
  {
    id: 'G2',
    promise: 'Started by root, a box never runs as host uid 0, nor as the uid of another box.',
    verifiedBy: [],
  },
  {
    id: 'G3',
    promise:
      'The system calls that open kernel attack surface (ptrace, mounts, namespaces, keys, bpf, perf, io_uring, userfaultfd, kexec, modules, handles, raw, packet, netlink and vsock sockets) are refused.',
    verifiedBy: [],
  },
  {
    id: 'G4',
    promise:
      'No file descriptor of the starter but the three standard streams reaches the box, and none of those is a folder.',
    verifiedBy: [],
  },
  {
    id: 'G5',
    promise: 'The box cannot push characters into the terminal that it shares with the person.',
    verifiedBy: [],
  },
  {
    id: 'G6',
    promise:
      'Nothing of a box survives its end, or the kill -9 of the command line that started it.',
    verifiedBy: [],
  },
  {
    id: 'G7',
    promise:
      'Memory, processes, processors and space are bounded where they were asked to be, and `powerbox inspect` says how.',
    verifiedBy: [],
  },
  {
    id: 'G8',
    promise:
      'Of a workspace that a box may write, it can write neither the git hooks and settings, nor powerbox.json, nor editor and shell start-up files, and it cannot put them there where they are missing.',
    verifiedBy: [],
  },
  {
    id: 'G9',
    promise:
      'Secret files of the workspace are seen with their values replaced by placeholders of the same length.',
    verifiedBy: [],
  },
  {
    id: 'G10',
    promise: 'No mount can expose the vault or the state folder.',
    verifiedBy: [],
  },
  {
    id: 'G11',
    promise:
      "Taking a copy's changes into the real folder never follows a link that the box made, and never overwrites what the host has changed meanwhile.",
    verifiedBy: [],
  },
  {
    id: 'G12',
    promise:
      'Every TCP connection of the box, whatever it is told about proxies, arrives at the egress with its original destination; nothing else leaves.',
    verifiedBy: [],
  },
  {
    id: 'G13',
    promise: 'No DNS query of a box leaves the machine.',
    verifiedBy: [],
  },
  {
    id: 'G14',
    promise:
      "A name that leads to a private, local or reserved address is not dialled, unless the person's own configuration says where it is.",
    verifiedBy: [],
  },
  {
    id: 'G15',
    promise: "An upstream whose certificate does not prove the target's name receives nothing.",
    verifiedBy: [],
  },
  {
    id: 'G16',
    promise:
      'Ambiguous HTTP (two hosts, odd framing, dot segments, encoded separators, foreign upgrades) is refused before an upstream sees a byte of it.',
    verifiedBy: [],
  },
  {
    id: 'G17',
    promise:
      "A value is put only into its own slot, only for its own origins, only in place of this box's placeholder, and only over verified TLS.",
    verifiedBy: [],
  },
  {
    id: 'G18',
    promise: 'On an origin that has a secret, no other credential is sent.',
    verifiedBy: [],
  },
  {
    id: 'G19',
    promise:
      'Echoes of the value in an answer, raw, base64 in every alignment, base64url, hex, percent-encoded or JSON-escaped, and across any chunk boundary, are replaced by the placeholder.',
    verifiedBy: [],
  },
  {
    id: 'G20',
    promise:
      'At rest, the vault is worthless without its key, and a changed file is refused whole.',
    verifiedBy: [],
  },
  {
    id: 'G21',
    promise: 'No argument list, environment, log, error, journal row or core file holds a value.',
    verifiedBy: [],
  },
  {
    id: 'G22',
    promise: 'Placeholders are unguessable and mean nothing in another box.',
    verifiedBy: [],
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
];
