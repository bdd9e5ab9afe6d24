import type { Requirement } from './requirement.ts';

/** Compartments, models as guests, and policies that are generated. */
export const COMPARTMENTS: readonly Requirement[] = [
  {
    id: 'G47',
    promise:
      'Code in a compartment gets hold of nothing but the language, its endowments and what they give it: no attempt of the battery of escapes reaches what is outside, of which many get through `node:vm`.',
    verifiedBy: [
      ['test/hostile/escape/compartments.test.ts', 'lets none of the battery through'],
      ['test/hostile/escape/boxes.test.ts', 'lets none of the battery through'],
      ['test/hostile/escape/vm.test.ts', 'gets through node:vm in many ways'],
      ['test/integration/confine-compartment.test.ts', 'has these names and no others'],
    ],
  },
  {
    id: 'G48',
    promise: 'Two compartments share nothing that can be changed, also in one process.',
    verifiedBy: [
      ['test/integration/confine-compartment.test.ts', 'reaches nothing that can be changed'],
      [
        'test/integration/compartment-worker.test.ts',
        'share no name and no object, and end one by one',
      ],
      ['test/hostile/authority-compartments.test.ts', 'do not come by what the other has'],
    ],
  },
  {
    id: 'G49',
    promise:
      'A worker that has broken out of its engine finds no network, no file but Node and its own program, no other process, and no system call that it does not need.',
    verifiedBy: [
      [
        'test/hostile/compartment-walls.test.ts',
        'finds nothing to read, write, reach, start or end with what Node has',
      ],
      ['test/hostile/compartment-walls.test.ts', 'has no system call but those that are named'],
    ],
  },
  {
    id: 'G50',
    promise:
      'What a worker says is believed as little as what any guest says: it can use the powers of its compartments and nothing else, whatever it sends.',
    verifiedBy: [
      ['test/hostile/compartment-peer.test.ts', 'finds no door'],
      [
        'test/hostile/compartment-peer.test.ts',
        'cannot use a power of one compartment as another, in the same process',
      ],
      ['test/hostile/compartment-peer.test.ts', 'cannot hand a power to its maker, nor its side'],
    ],
  },
  {
    id: 'G51',
    promise:
      'Code that loops, that fills memory, or that floods ends its own compartment, with a typed error and within its bounds; its neighbours in other processes and the daemon go on.',
    verifiedBy: [
      ['test/hostile/compartment-exhaustion.test.ts', 'what the host does about a worker'],
      [
        'test/hostile/compartment-exhaustion.test.ts',
        'ends a loop at once, and nothing of it is left',
      ],
      ['test/hostile/compartment-peer.test.ts', 'leaves the others their turn'],
    ],
  },
  {
    id: 'G52',
    promise:
      'When a compartment ends, by whatever hand, its process is killed, what it was given is taken back, and all that it made ends as well; nothing of it outlives the daemon.',
    verifiedBy: [
      [
        'test/integration/compartment.test.ts',
        'ends at once, whatever it does, and so does what it gave and was given',
      ],
      [
        'test/integration/compartment.test.ts',
        'leaves no process of a daemon that was killed, and its guests end with the next one',
      ],
      ['test/hostile/compartment-walls.test.ts', 'dies with its starter'],
    ],
  },
  {
    id: 'G53',
    promise:
      'What leaves a compartment is plain data, read once and copied, or an object that its maker holds by reference; no power passes to the maker or back but by a grant.',
    verifiedBy: [
      ['src/confine/pass.test.ts', 'is read once and never called, whatever a proxy says'],
      ['test/integration/compartment.test.ts', 'cannot be of a class, nor a power'],
      ['test/integration/sdk.test.ts', 'passes objects of its own only where they came from'],
    ],
  },
  {
    id: 'G54',
    promise: 'No code can hook the stacks of others, and no error tells code of the host.',
    verifiedBy: [
      [
        'test/integration/confine-realm.test.ts',
        'leaves nobody a hook into the stacks of others, by any class of errors',
      ],
      [
        'test/integration/compartment-worker.test.ts',
        'an error has the place where it was thrown, and nothing of the host',
      ],
    ],
  },
  {
    id: 'G55',
    promise:
      'Through a membrane of `powerbox/ocap` neither side ever holds an object of the other, and revoking it ends all of them and what is in flight.',
    verifiedBy: [
      [
        'test/integration/confine-membrane.test.ts',
        'ends all at once, in both directions, with what is in flight',
      ],
      [
        'test/integration/confine-membrane-random.test.ts',
        'gives nobody the other side itself, and ends all that it gave, along any way',
      ],
    ],
  },
  {
    id: 'G56',
    promise:
      'A name, an id or a text carries no authority: who knows of a power and was not given it gets nothing done with it, neither itself nor by asking one who holds it to look it up.',
    verifiedBy: [
      [
        'test/hostile/authority-deputy.test.ts',
        'gets nothing done with it by any name, and takes nothing away',
      ],
      [
        'test/hostile/authority-compartments.test.ts',
        'is given nothing for the names, ids and texts of what another holds',
      ],
    ],
  },
  {
    id: 'G57',
    promise:
      'Two guests that tell each other all they know do no more together than the grants of one and of the other allow.',
    verifiedBy: [
      [
        'test/hostile/authority-collusion.test.ts',
        'do no more together than the grants of one and of the other allow',
      ],
    ],
  },
  {
    id: 'G58',
    promise:
      'An agent that obeys an instruction of strangers fully does nothing outside what it was given, and the journal tells what it tried.',
    verifiedBy: [
      ['test/hostile/injection/injection.test.ts', 'does nothing here outside what was given'],
      ['test/hostile/injection/injection.test.ts', 'is told by the journal, without a secret'],
      ['test/hostile/injection/injection.test.ts', 'works on an ordinary agent'],
    ],
  },
  {
    id: 'G59',
    promise:
      'A model stops at its bounds of steps, tokens, money and time, and at once when it is told to; whatever it made stops with it.',
    verifiedBy: [
      ['test/integration/agent-stops.test.ts', 'at the bound of its time'],
      [
        'test/integration/agent-stops.test.ts',
        'at once with Ctrl-C, whatever its model and its code do',
      ],
      ['test/integration/agent-tree.test.ts', 'stop with whatever is above them'],
    ],
  },
  {
    id: 'G60',
    promise: "The loop of a model holds no key and reaches nothing but its guest's own door.",
    verifiedBy: [
      ['test/integration/agent.test.ts', 'holds what it was given and nothing else'],
      [
        'test/hostile/injection/injection.test.ts',
        'leave a journal whose chain holds, and keys in their slots alone',
      ],
    ],
  },
  {
    id: 'G61',
    promise:
      'A generated policy allows what it was made from, and no host and no method that was not there; a changed policy names every power, package and global that it gives beyond the older one.',
    verifiedBy: [
      ['src/policy/generate.test.ts', 'allows all that was used, and nothing that was not'],
      [
        'src/policy/diff-compartments.test.ts',
        'says nothing of what is the same, and names all that is gained',
      ],
      ['src/policy/merge.test.ts', 'refuses to deny a part of rules that cannot be taken apart'],
    ],
  },
  {
    id: 'G62',
    promise:
      'A `store` power holds no more than its quota and shows no key that its narrowing leaves out, whoever writes at once and whatever is killed.',
    verifiedBy: [
      [
        'test/hostile/power-store.test.ts',
        'reaches no key beside its own by what is written nearly alike',
      ],
      [
        'test/hostile/power-store.test.ts',
        'takes no more room than it has by asking at once, in parts or through others',
      ],
      [
        'test/integration/power-store.test.ts',
        'is there after the daemon was killed in the middle of writes',
      ],
    ],
  },
  {
    id: 'G63',
    promise:
      'No text that a compartment evaluates has a dynamic import of the host, `import.meta` of the host, or a direct `eval`; modules come with the program, or from packages that it was allowed, and nothing of it runs when it cannot be read or names what it was not given.',
    verifiedBy: [
      ['src/confine/source/verify.test.ts', 'never has an import, however it is mixed'],
      ['src/confine/source/modules.test.ts', 'are packages only where these are allowed'],
      [
        'src/confine/source/refusals.test.ts',
        'is told of a module of its own too, before anything runs',
      ],
    ],
  },
];
