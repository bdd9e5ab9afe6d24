import type { Requirement } from './requirement.ts';

/** What leaves a box, with which secrets, and what is on record of it. */
export const EGRESS: readonly Requirement[] = [
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
    id: 'G40',
    promise:
      'An egress that is killed at any moment comes back by itself; until then its boxes reach nothing, and nothing leaves that was not judged and recorded.',
    verifiedBy: [
      ['test/integration/egress-crash.test.ts', 'comes back by itself'],
      ['test/integration/egress-crash.test.ts', 'lets nothing leave unjudged, and loses no row'],
      ['test/integration/egress-crash.test.ts', 'stalls its box, and opens nothing'],
    ],
  },
  {
    id: 'G41',
    promise:
      'A request of a box that carries a value of any secret of the vault, present or former, in a known encoding, is refused or cut before the value is whole, recorded as `secret-leaked`, and told to the person.',
    verifiedBy: [
      ['test/hostile/secret-leaks.test.ts', '49 a value that the box knows'],
      ['test/hostile/secret-leaks.test.ts', 'is refused as %s'],
      ['test/hostile/secret-leaks.test.ts', 'is a sentence for the person'],
      ['test/hostile/secret-rotation.test.ts', '49 makes of the old value'],
      ['test/hostile/egress/websocket.test.ts', 'a value that no box may know'],
    ],
  },
  {
    id: 'G42',
    promise:
      'Rules, slots and scrub are the same over HTTP/1.1, HTTP/2, gRPC and WebSocket, whichever side speaks which.',
    verifiedBy: [
      ['test/integration/http2-pairs.test.ts', 'brings the token to the server'],
      [
        'test/integration/http2-pairs.test.ts',
        'shows no token that comes in a frame for each byte',
      ],
      ['test/integration/grpc.test.ts', 'has the token in its slot at the server'],
      ['test/hostile/egress/http2.test.ts', '24-26 (%s) does not lead out of its rule'],
      [
        'test/hostile/egress/websocket.test.ts',
        'a message that the rules of the grant do not allow',
      ],
      ['test/hostile/slots.test.ts', 'arrives as it does over HTTP/1.1'],
    ],
  },
  {
    id: 'G43',
    promise:
      'A peer that breaks the rules of HTTP/2 or WebSocket, or floods it with frames of no use, loses its connection and harms no other.',
    verifiedBy: [
      ['test/hostile/egress/http2.test.ts', '34 (%s) ends its connection, and nothing arrives'],
      ['test/hostile/egress/http2-floods.test.ts', '34, 50 (%s) leaves others as they were'],
      ['test/hostile/egress/http2-upstream.test.ts', 'ends the request with a reason'],
      ['test/hostile/egress/websocket.test.ts', 'frames that are none'],
    ],
  },
  {
    id: 'G44',
    promise:
      'A place in a path, a form or JSON is a slot only where a narrowing that the host wrote names it.',
    verifiedBy: [
      ['test/hostile/slots.test.ts', 'opens no slot in a grant that was handed on'],
      ['test/hostile/slots.test.ts', 'goes as the worthless string that it is'],
    ],
  },
  {
    id: 'G45',
    promise:
      "A program that pins its service's certificate fails with a row that says so, and is never let through unseen.",
    verifiedBy: [
      ['test/hostile/egress/pinned.test.ts', '53 leaves a row with the reason and the name'],
    ],
  },
  {
    id: 'G46',
    promise:
      'Every number of the [attack catalogue](conformance.md) is held or named in the [limitations](limitations.md), and its attacks succeed where nothing protects, but for those that need a proxy or a store.',
    verifiedBy: [
      ['test/hostile/egress/catalogue.test.ts', '%i %s: held'],
      ['test/hostile/egress/catalogue.test.ts', '%i succeeds where nothing protects'],
      [
        'test/hostile/egress/catalogue.test.ts',
        'names everything that is not held in the limitations',
      ],
    ],
  },
];
