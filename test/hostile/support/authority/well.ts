import { z } from 'zod';
import type { InstalledKind } from '../../../../src/kernel/kernel.ts';
import { type Live, live, type UseContext } from '../../../../src/ocap/live.ts';
import { definePower } from '../../../../src/ocap/power.ts';
import { ALLOWED, refuse } from '../../../../src/ocap/verdict.ts';

/** What a narrowing of a well says: where, and how much at once. */
export interface WellNarrowing {
  readonly places: readonly string[];
  readonly most: number;
}

export interface WellCall {
  readonly well: string;
  readonly method: string;
  /** Null where no place is meant. */
  readonly place: string | null;
  readonly amount: number;
}

/** Something that really happened at the resource, with who did it and how many rows stood then. */
export interface Effect {
  readonly well: string;
  readonly holder: string;
  readonly method: string;
  readonly place: string | null;
  readonly amount: number;
  readonly rowsBefore: number;
}

const place = { name: 'place', schema: z.string() } as const;
const amount = { name: 'amount', schema: z.number() } as const;
const body = { name: 'body', schema: z.string() } as const;

/** A resource whose every effect is counted, with each way in which authority can travel. */
export const wellPower = definePower<{ name: string; key: string }, WellNarrowing, WellCall>({
  kind: 'well',
  summary: 'Draws from a well.',
  config: z.strictObject({ name: z.string(), key: z.string() }),
  narrowing: z.strictObject({ places: z.array(z.string()), most: z.number() }),
  facets: {
    root: {
      draw: { summary: 'Draws.', args: [place, amount, body], returns: z.number() },
      slowly: { summary: 'Draws when let.', args: [place, amount], returns: z.number() },
      fail: { summary: 'Fails.', args: [place], returns: z.unknown() },
      bucket: { summary: 'Gives a bucket.', args: [place], returns: { facet: 'bucket' } },
      stream: { summary: 'Gives a stream.', args: [place], returns: { facet: 'stream' } },
      watch: {
        summary: 'Calls back when there is water.',
        args: [{ name: 'call', schema: z.unknown() }],
        returns: z.unknown(),
      },
      echo: {
        summary: 'Gives back what it is given.',
        args: [{ name: 'thing', schema: z.unknown() }],
        returns: z.unknown(),
      },
    },
    bucket: {
      draw: { summary: 'Draws.', args: [amount, body], returns: z.number() },
      bucket: { summary: 'Gives another.', args: [], returns: { facet: 'bucket' } },
    },
    stream: { next: { summary: 'Draws one.', args: [], returns: z.number() } },
  },
  concerns: ({ name }, { well }) => name === well,
  permits({ places, most }, call) {
    if (call.place !== null && !places.includes(call.place)) {
      return refuse('narrowing-refused', `The place ${call.place} was not given.`);
    }
    if (call.amount <= most) return ALLOWED;
    return refuse('narrowing-refused', `No more than ${most} at a time.`, most);
  },
  effect: ({ method }) => (method === 'draw' || method === 'slowly' ? 'write' : 'read'),
  describe: ({ method, place, amount }) => `${method} ${amount} at ${place ?? 'no place'}`,
  callOf({ name }, { facet, at, method, args }) {
    const own = facet === 'root' ? args[0] : at;
    const sum = facet === 'root' ? args[1] : args[0];
    return {
      well: name,
      method,
      place: typeof own === 'string' ? own : null,
      amount: typeof sum === 'number' ? sum : 0,
    };
  },
  readConfig: (text) => ({ name: text, key: '' }),
  describeConfig: ({ name }) => `well ${name}`,
  readNarrowing: (texts) => ({ places: texts, most: Number.MAX_SAFE_INTEGER }),
  describeNarrowing: ({ places, most }) => [...places, String(most)],
  secretsOf: () => [],
});

export interface Well {
  readonly kind: InstalledKind;
  readonly effects: Effect[];
  /** Calls everybody back who watches. */
  ring(): Promise<void>;
  /** Lets the slow calls that wait go on. */
  letGo(): void;
  /** As when the process of the resource begins anew. */
  forget(): void;
}

type Watcher = (news: unknown) => unknown;

/** `rows` tells how long the journal is when something happens. */
export function makeWell(rows: () => number): Well {
  const effects: Effect[] = [];
  const watchers: Watcher[] = [];
  const waiting = new Set<() => void>();
  const open = (config: unknown): Live => {
    const { name: well, key } = config as { readonly name: string; readonly key: string };
    const note = (context: UseContext, method: string, at: string | null, sum: number): number => {
      const holder = context.holder ?? '';
      return effects.push({ well, holder, method, place: at, amount: sum, rowsBefore: rows() });
    };
    const part = (facet: 'bucket' | 'stream', at: string): Live =>
      live({
        facet,
        at,
        call(method, [sum], context) {
          if (method === 'bucket') return part('bucket', at);
          return note(context, `${facet}.${method}`, at, typeof sum === 'number' ? sum : 0);
        },
        close: () => {},
      });
    return live({
      facet: 'root',
      at: null,
      call(method, args, context) {
        const at = String(args[0]);
        if (method === 'draw') return note(context, method, at, Number(args[1]));
        if (method === 'slowly') {
          return new Promise((done) => {
            const go = (): void => {
              waiting.delete(go);
              done(note(context, method, at, Number(args[1])));
            };
            waiting.add(go);
            context.signal.addEventListener('abort', () => waiting.delete(go), { once: true });
          });
        }
        // What a library throws may hold the key that it was called with.
        if (method === 'fail') throw new Error(`The well ${well} does not open with ${key}.`);
        if (method === 'bucket' || method === 'stream') return part(method, at);
        if (method === 'watch') watchers.push(args[0] as Watcher);
        return method === 'echo' ? args[0] : null;
      },
      close: () => {},
    });
  };
  return {
    kind: { definition: wellPower, open } as unknown as InstalledKind,
    effects,
    async ring() {
      for (const watcher of watchers) {
        try {
          await watcher('water');
        } catch {
          // Whoever watches no longer may.
        }
      }
    },
    letGo() {
      for (const go of [...waiting]) go();
    },
    forget() {
      watchers.length = 0;
      waiting.clear();
    },
  };
}
