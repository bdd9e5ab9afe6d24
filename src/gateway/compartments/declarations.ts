import type { Kernel } from '../../kernel/kernel.ts';
import { comment, declarationOf, facetName } from '../../ocap/derive-declaration.ts';
import { definitionOf } from '../power-words.ts';

/** TypeScript declarations of what code holds: its powers by name, then their kinds. */
export function declarationsOf(kernel: Kernel, powers: ReadonlyMap<string, string>): string {
  const kinds = new Map<string, string>();
  const names: string[] = [];
  for (const [name, grant] of powers) {
    const { power, only } = kernel.view(grant);
    const definition = definitionOf(kernel, power.kind);
    kinds.set(power.kind, declarationOf(definition, definition.summary));
    const about = only.length === 0 ? power.text : `${power.text}; only ${only.join(', ')}`;
    names.push(`${comment(about)}\ndeclare const ${name}: ${facetName(power.kind, 'root')};\n`);
  }
  return [...names, ...kinds.values()].join('\n');
}
