import { type Budget, MEASURES, type Measure, type Rate, type Spend } from '../ocap/budget.ts';
import { ALLOWED, type Refused, refuse, type Verdict } from '../ocap/verdict.ts';
import type { KernelStore } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Node } from './graph.ts';

/** What grants have spent. A spend is taken from every budget on the way, or from none. */
export interface Budgets {
  /** Would it be let through now? Changes nothing. */
  affords(passed: readonly Node[], amounts: Spend, now: number): Verdict;
  /** Durable when it returns ALLOWED. */
  spend(passed: readonly Node[], amounts: Spend, now: number): Verdict;
  /**
   * Says what a use may come to cost that is counted only afterwards. One use may go beyond what is
   * left, but those that go on at once must fit in together. Refused with `budget-spent`.
   */
  foresee(passed: readonly Node[], amounts: Spend): Refused | Foreseen;
  spentOf(grant: string): Spend;
}

export interface Foreseen {
  readonly allow: true;
  /** What it cost is spent, or it costs nothing. May be called again. */
  release(): void;
}

interface Account {
  readonly spent: Record<Measure, number>;
  /** What the uses that go on may still come to cost. */
  readonly foreseen: Record<Measure, number>;
  going: number;
  window: number;
  uses: number;
}

const WINDOW_MS: Readonly<Record<Rate['per'], number>> = {
  second: 1_000,
  minute: 60_000,
  day: 86_400_000,
};

/** A sum beyond this is no amount any more, but a number that additions are lost in. */
const AMOUNT_MAX = Number.MAX_SAFE_INTEGER;

export function makeBudgets(store: KernelStore): Budgets {
  const accounts = new Map<string, Account>();
  for (const { grant, measure, window, amount } of store.spent.all()) {
    const account = accountOf(grant);
    if (measure !== 'rate') account.spent[measure] = amount;
    else if (window >= account.window) {
      account.window = window;
      account.uses = amount;
    }
  }

  function accountOf(grant: string): Account {
    let account = accounts.get(grant);
    if (account === undefined) {
      account = { spent: nothing(), foreseen: nothing(), going: 0, window: 0, uses: 0 };
      accounts.set(grant, account);
    }
    return account;
  }

  function affords(passed: readonly Node[], amounts: Spend, now: number): Verdict {
    checkAmounts(amounts);
    for (const each of budgetedOf(passed)) {
      const verdict = affordsOne(each, accountOf(each.grant.id), amounts, now);
      if (!verdict.allow) return verdict;
    }
    return ALLOWED;
  }

  return {
    affords,
    spend(passed, amounts, now) {
      const verdict = affords(passed, amounts, now);
      if (!verdict.allow) return verdict;
      const budgeted = budgetedOf(passed);
      if (budgeted.length === 0) return ALLOWED;
      const entries = budgeted.flatMap((each) =>
        entriesOf(each, accountOf(each.grant.id), amounts, now),
      );
      store.transaction(() => {
        for (const { grant, measure, window, amount } of entries) {
          store.spent.add(grant, measure, window, amount);
        }
      });
      for (const { grant, measure, window, amount } of entries) {
        const account = accountOf(grant);
        if (measure !== 'rate') account.spent[measure] += amount;
        else if (window === account.window) account.uses += amount;
        else Object.assign(account, { window, uses: amount });
      }
      return ALLOWED;
    },
    foresee: (passed, amounts) => foresee(accountOf, passed, amounts),
    spentOf(grant) {
      const account = accounts.get(grant);
      if (account === undefined) return {};
      return Object.fromEntries(Object.entries(account.spent).filter(([, amount]) => amount > 0));
    },
  };
}

function foresee(
  accountOf: (grant: string) => Account,
  passed: readonly Node[],
  amounts: Spend,
): Refused | Foreseen {
  checkAmounts(amounts);
  const nodes = budgetedOf(passed);
  const crowded = nodes.find((node) => isCrowded(node, accountOf(node.grant.id), amounts));
  if (crowded !== undefined) {
    const reason = `What is left of the budget of the grant ${crowded.grant.id} is less than this may cost beside what is going on.`;
    return refuse('budget-spent', reason);
  }
  const change = (sign: 1 | -1): void => {
    for (const { grant } of nodes) addForeseen(accountOf(grant.id), amounts, sign);
  };
  change(1);
  let isOver = false;
  return {
    allow: true,
    release() {
      if (!isOver) change(-1);
      isOver = true;
    },
  };
}

function nothing(): Record<Measure, number> {
  return { uses: 0, bytes: 0, tokens: 0, microdollars: 0 };
}

/** Would this use, beside those that go on, be more than is left? */
function isCrowded({ grant }: Node, { spent, foreseen, going }: Account, amounts: Spend): boolean {
  if (going === 0) return false;
  return MEASURES.some((measure) => {
    const amount = amounts[measure] ?? 0;
    const limit = grant.budget?.[measure];
    return limit !== undefined && amount > 0 && spent[measure] + foreseen[measure] + amount > limit;
  });
}

function addForeseen(account: Account, amounts: Spend, sign: 1 | -1): void {
  account.going += sign;
  for (const measure of MEASURES) account.foreseen[measure] += sign * (amounts[measure] ?? 0);
}

/** Each budget once, though two chains may share it. */
function budgetedOf(passed: readonly Node[]): readonly Node[] {
  const [first] = passed;
  if (passed.length <= 1) return first?.budgeted ?? [];
  return [...new Set(passed.flatMap(({ budgeted }) => budgeted))];
}

function affordsOne(node: Node, account: Account, amounts: Spend, now: number): Verdict {
  const budget = node.grant.budget as Budget;
  for (const measure of MEASURES) {
    const amount = amounts[measure] ?? 0;
    const limit = budget[measure];
    if (amount === 0 || limit === undefined) continue;
    if (account.spent[measure] + amount > limit) {
      return refuse(
        'budget-spent',
        `The grant ${node.grant.id} has a budget of ${limit} ${measure}, and ${account.spent[measure]} are spent.`,
      );
    }
  }
  const { rate } = budget;
  const uses = amounts.uses ?? 0;
  if (rate === undefined || uses === 0) return ALLOWED;
  const used = windowOf(rate, account, now) === account.window ? account.uses : 0;
  if (used + uses > rate.uses) {
    return refuse(
      'rate-exceeded',
      `The grant ${node.grant.id} allows ${rate.uses} uses per ${rate.per}, and they are used.`,
    );
  }
  return ALLOWED;
}

function entriesOf(node: Node, account: Account, amounts: Spend, now: number) {
  const budget = node.grant.budget as Budget;
  const grant = node.grant.id;
  const entries: { grant: string; measure: Measure | 'rate'; window: number; amount: number }[] =
    MEASURES.filter((measure) => (amounts[measure] ?? 0) > 0).map((measure) => ({
      grant,
      measure,
      window: 0,
      amount: amounts[measure] as number,
    }));
  if (budget.rate !== undefined && (amounts.uses ?? 0) > 0) {
    const window = windowOf(budget.rate, account, now);
    entries.push({ grant, measure: 'rate', window, amount: amounts.uses as number });
  }
  return entries;
}

/** A clock that goes back does not give a window's uses anew. */
function windowOf({ per }: Rate, account: Account, now: number): number {
  return Math.max(account.window, now - (now % WINDOW_MS[per]));
}

/** An amount that is none would make every later comparison false, and the budget endless. */
function checkAmounts(amounts: Spend): void {
  for (const amount of Object.values(amounts)) {
    if (!Number.isSafeInteger(amount) || amount < 0 || amount > AMOUNT_MAX) {
      throw new PowerboxError('internal', 'Cannot spend an amount that is not a whole number.');
    }
  }
}

/** Reads a budget that somebody asked for. Throws `grant-invalid`. */
export function checkBudget(budget: Budget): Budget {
  const { rate, ...amounts } = budget;
  for (const [measure, amount] of Object.entries(amounts)) {
    const known = (MEASURES as readonly string[]).includes(measure);
    if (!known || !Number.isSafeInteger(amount) || (amount as number) < 0) {
      throw new PowerboxError(
        'grant-invalid',
        `Cannot use the budget "${measure.slice(0, 40)}": it is not a whole number of uses, bytes, tokens or microdollars.`,
      );
    }
  }
  if (rate !== undefined) {
    const whole = Number.isSafeInteger(rate.uses) && rate.uses > 0;
    if (!whole || !Object.hasOwn(WINDOW_MS, rate.per)) {
      throw new PowerboxError(
        'grant-invalid',
        'Cannot use the rate: it is not a number of uses per second, minute or day.',
      );
    }
  }
  return budget;
}
