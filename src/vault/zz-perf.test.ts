import { it } from 'vitest';
import { maskFile } from '/work/main/src/vault/env-file.ts';
import { makePlaceholder } from '/work/main/src/vault/placeholder.ts';
import { knownPrefixes } from '/work/main/src/vault/services.ts';
it('perf', () => {
  const P = knownPrefixes();
  const make = (v: string) => makePlaceholder(v, P);
  for (const unit of ['NAME_OF=0123456789abcdef\n', 'A="\nB=\'\n', 'A="x\\', '# a=b \n', '"a" ', '#'.repeat(20), 'a', 'A=1 ', '# '+'a_='.repeat(10), "A='x\"y\n", '-----BEGIN ', '\\u006', 'abcdef ']) {
    const text = Buffer.from(unit.repeat(Math.floor(1e6 / unit.length)));
    const t = performance.now();
    let r: string; try { r = String(maskFile(text, make).masked.length === text.length); } catch (e) { r = (e as Error).message; }
    console.log(JSON.stringify(unit.slice(0, 20)), Math.round(performance.now() - t), 'ms', r);
  }
}, 120000);
