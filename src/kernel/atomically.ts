import type { KernelStore } from '../store/kernel-store.ts';

/**
 * One transaction for `work`: the one that runs already, else a new one. Whoever calls this within
 * a transaction must let its failure end that one too.
 */
export function atomically<T>(store: KernelStore, work: () => T): T {
  return store.inTransaction() ? work() : store.transaction(work);
}
