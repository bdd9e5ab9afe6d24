import type { CompartmentPolicy, Compartments, PolicyPower } from './compartment.ts';
import { sayPower } from './diff-compartments.ts';
import { readHttpWords } from './http-words.ts';
import { legible, listWords } from './quote.ts';
import { originText } from './rule.ts';

export interface CompartmentSentence {
  readonly compartment: string;
  readonly sentence: string;
}

/** What each compartment holds, a sentence for each thing, for people. */
export function explainCompartments(compartments: Compartments): readonly CompartmentSentence[] {
  return Object.keys(compartments)
    .sort()
    .flatMap((compartment) =>
      explainCompartment(compartments[compartment] as CompartmentPolicy).map((clause) => ({
        compartment,
        sentence: `${compartment} ${clause}.`,
      })),
    );
}

function explainCompartment(policy: CompartmentPolicy): readonly string[] {
  const { globals, powers, packages, isolation, limits } = policy;
  const held = Object.keys(powers)
    .sort()
    .flatMap((name) => explainPower(name, powers[name] as PolicyPower));
  const bounds = Object.entries(limits).map(([name, text]) => `${name} ${text}`);
  const clauses = [
    ...held,
    ...(globals.includes('clock') ? ['sees the clock'] : []),
    ...(globals.includes('random') ? ['has randomness'] : []),
    ...(packages.length === 0 ? [] : [`may import ${listWords(packages)}`]),
    ...(isolation === 'shared' ? ['shares the process of its maker'] : []),
    ...(bounds.length === 0 ? [] : [`is limited to ${listWords(bounds)}`]),
  ];
  return held.length === 0 ? ['holds no power', ...clauses] : clauses;
}

function explainPower(name: string, power: PolicyPower): readonly string[] {
  const http = readHttpWords(power.power, power.only, () => false);
  const terms = [
    ...(http?.secret ? [`with secret ${http.secret}`] : []),
    ...(power.budget.length === 0 ? [] : [`for ${power.budget.map(legible).join(' ')}`]),
    ...(power.approval === 'none' ? [] : [`with approval of ${sayApproval(power.approval)}`]),
  ];
  const more = terms.length === 0 ? '' : `, ${terms.join(', ')}`;
  if (http === null) return [`may use ${sayPower(name, power)}${more}`];
  return http.rules.map(({ config, narrowing: { methods, path } }) => {
    const what = methods === null ? 'send any request' : listWords(methods);
    return `may ${what} to ${originText(config)}${path ?? ''} as ${name}${more}`;
  });
}

function sayApproval(approval: PolicyPower['approval']): string {
  return approval === 'always' ? 'every call' : 'each call that changes something';
}
