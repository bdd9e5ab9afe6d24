import { CASES } from './cases/all.ts';
import { DATAGRAMS } from './cases/channels.ts';
import { ADMIN } from './cases/names.ts';
import { works } from './judges.ts';
import { POLICY, VARIANTS } from './policy.ts';
import { type Certificates, type Services, startServices } from './services/services.ts';
import type { OpenStage } from './stage.ts';
import type { Adapter, Case, Cell, Evidence, Outcome, Started, Variant, Word } from './types.ts';

/** Attacks that load the target, which come after all others and one at a time. */
const LOADS =
  /^(?:h2_(?:rapid|continuations|table|settings|ping)|slow_heads|many_names|budget|ok_budget|missing_secret|policy_files|large_head|many_headers|long_url)/;

const NUMBERS = Array.from({ length: 53 }, (_, index) => index + 1);

interface Result {
  readonly seen: string;
  readonly sent: boolean;
  readonly error: string | null;
  readonly seconds: number;
}

/** Runs the cases of these numbers (all when null) against a target. */
export async function judgeTarget(
  adapter: Adapter,
  stage: OpenStage,
  certificates: Certificates,
  only: readonly number[] | null,
): Promise<Cell[]> {
  const numbers = only ?? NUMBERS;
  const cases = CASES.filter(({ number }) => numbers.includes(number));
  const applicable = cases.filter((one) => missingNeed(adapter, one) === null);
  const place = { adapter, stage, certificates };
  const found = new Map<Variant | undefined, ReadonlyMap<string, Evidence>>();
  for (const variant of [undefined, 'empty', 'store down'] as const) {
    const own = applicable.filter(({ policy }) => policy === variant);
    found.set(variant, await gather(place, own, variant));
  }
  return numbers.map((number) => {
    const own = cases.filter((one) => one.number === number);
    const outcomes = own.flatMap((one) =>
      outcomesOf(one, missingNeed(adapter, one), found.get(one.policy) ?? new Map()),
    );
    return cellOf(number, outcomes);
  });
}

interface Place {
  readonly adapter: Adapter;
  readonly stage: OpenStage;
  readonly certificates: Certificates;
}

function missingNeed(adapter: Adapter, { needs = [] }: Case): string | null {
  for (const need of needs) {
    const reason = adapter.lacks[need];
    if (reason !== undefined) return `${need}: ${reason}`;
  }
  return null;
}

/** What became of each attack and twin of these cases, in one start of the target. */
async function gather(
  { adapter, stage, certificates }: Place,
  cases: readonly Case[],
  variant: Variant | undefined,
): Promise<ReadonlyMap<string, Evidence>> {
  const names = [...new Set(cases.flatMap(({ attacks, twin }) => [...attacks, twin]))].filter(
    (name) => name !== '',
  );
  const found = new Map<string, Evidence>();
  if (names.length === 0) return found;
  const services = await startServices(certificates, adapter.name === 'none');
  const started = await adapter.start(stage, variant === undefined ? POLICY : VARIANTS[variant]);
  try {
    const marks = new Map(
      names.map((name, index) => [name, `K${adapter.name.slice(0, 2)}${index}K`]),
    );
    const light = names.filter((name) => !LOADS.test(name));
    // Twins come first: what they need may be used up behind them.
    const loads = names.filter((name) => LOADS.test(name)).sort(byHonesty);
    for (const [batch, how] of [
      [light, []],
      [loads, ['one-by-one']],
    ] as const) {
      if (batch.length === 0) continue;
      const words = batch.map((name) => `${name}:${marks.get(name)}`);
      const results = await resultsOf(started, [...how, ...words]);
      for (const name of batch) {
        const mark = marks.get(name) as string;
        found.set(name, evidenceOf(mark, results[name] as Result, services, stage));
      }
    }
  } finally {
    await started.close();
    await services.close();
  }
  return found;
}

/** A target that does not run the program at all has refused each attack. */
async function resultsOf(
  started: Started,
  words: readonly string[],
): Promise<Readonly<Record<string, Result>>> {
  const ended = await started.run(words);
  if ('results' in ended) return JSON.parse(ended.results) as Record<string, Result>;
  const refused = { seen: '', sent: true, error: ended.refused, seconds: 0 };
  return Object.fromEntries(words.map((word) => [word.split(':')[0], refused]));
}

function byHonesty(one: string, other: string): number {
  return Number(other.startsWith('ok_')) - Number(one.startsWith('ok_'));
}

function evidenceOf(mark: string, result: Result, services: Services, stage: OpenStage): Evidence {
  const seen = Buffer.from(result.seen, 'base64');
  const beside = [
    { service: ADMIN, text: stage.inside() },
    { service: DATAGRAMS, text: `${services.datagrams()}\n${stage.packets()}` },
  ].filter(({ text }) => text.toLowerCase().includes(mark.toLowerCase()));
  return {
    mark,
    seen,
    text: `${seen.toString('latin1')}${result.error ?? ''}`,
    sent: result.sent,
    error: result.error,
    seconds: result.seconds,
    arrived: services.arrived(mark),
    heard: [
      ...services.heard(mark),
      ...beside.map(({ service, text }) => ({
        service,
        heard: { sni: null, bytes: Buffer.from(text, 'latin1') },
      })),
    ],
  };
}

function outcomesOf(
  one: Case,
  missing: string | null,
  evidence: ReadonlyMap<string, Evidence>,
): (Outcome & { readonly documented: boolean })[] {
  const documented = one.documented === true;
  if (missing !== null) {
    return one.attacks.map((attack) => ({
      attack,
      documented,
      word: 'not applicable',
      why: missing,
      seconds: 0,
    }));
  }
  const twin = evidence.get(one.twin);
  const twinWorks = one.twin === '' || (twin !== undefined && works(twin));
  return one.attacks.map((attack) => {
    const found = evidence.get(attack) as Evidence;
    const why = one.judge(found);
    const { seconds } = found;
    if (why !== null) return { attack, documented, word: 'leaked', why, seconds };
    if (!found.sent)
      return { attack, documented, word: 'not sent', why: found.error ?? '', seconds };
    if (!twinWorks) {
      const said = (twin?.text ?? '').slice(-400);
      return { attack, documented, word: 'refused wrongly', why: `${one.twin}: ${said}`, seconds };
    }
    return { attack, documented, word: 'held', why: '', seconds };
  });
}

function cellOf(
  number: number,
  outcomes: readonly (Outcome & { readonly documented: boolean })[],
): Cell {
  const judged = outcomes.filter(({ word }) => word !== 'not applicable');
  const strict = judged.filter(({ documented }) => !documented);
  const leaked = strict.filter(({ word }) => word === 'leaked').length;
  return {
    number,
    word: wordOf(strict, leaked),
    attacks: strict.length,
    leaked,
    documented: judged.filter(({ documented, word }) => documented && word === 'leaked').length,
    outcomes: outcomes.map(({ attack, word, why, seconds }) => ({ attack, word, why, seconds })),
  };
}

function wordOf(strict: readonly Outcome[], leaked: number): Word | 'not run' {
  if (strict.length === 0) return 'not applicable';
  if (leaked > 0) return 'leaked';
  if (strict.some(({ word }) => word === 'not sent')) return 'not run';
  return strict.some(({ word }) => word === 'refused wrongly') ? 'refused wrongly' : 'held';
}
