import { refuse, type Verdict } from '../ocap/verdict.ts';
import type { Node, OpenUse } from './graph.ts';

/** A call that waits for the host ends with the grant that it waits for. */
export function hangOn(nodes: readonly Node[]): {
  readonly ended: Promise<Verdict>;
  close(): void;
} {
  let end: (verdict: Verdict) => void = () => {};
  const ended = new Promise<Verdict>((done) => {
    end = done;
  });
  const use: OpenUse = {
    cut: (error) => end(refuse(error.code, error.message)),
  };
  for (const { uses } of nodes) uses.add(use);
  return {
    ended,
    close() {
      for (const { uses } of nodes) uses.delete(use);
    },
  };
}
