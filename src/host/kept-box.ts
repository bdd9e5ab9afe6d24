import type { BoxListener } from '../boxes/process/start.ts';
import type { BoxEgress, NewValue, SecretChange } from '../egress/protocol.ts';
import type { EgressChild } from './egress-child.ts';
import { VALUES_KEPT_MAX } from './limits.ts';

/** All that an egress process was given of a box and has told of it, for the next one. */
export interface KeptBox {
  changeSecrets(change: SecretChange): void;
  keepListeners(listeners: readonly BoxListener[]): void;
  /** The box has asked for a name: its address is that name's for as long as the box lives. */
  named(name: string): void;
  giveTo(child: EgressChild): Promise<unknown>;
}

export function keepBox(opened: BoxEgress): KeptBox {
  const started = Date.now();
  const names: string[] = [];
  let config = opened;
  // Each by itself: an answer is searched for former values, too.
  let replaced: readonly (readonly NewValue[])[] = [];
  const gone = new Set<string>();
  let listeners: readonly BoxListener[] = [];
  return {
    changeSecrets({ values, gone: left, watched }) {
      if (watched !== null) config = { ...config, watched };
      for (const { placeholder } of values) gone.delete(placeholder);
      for (const placeholder of left) gone.add(placeholder);
      if (values.length === 0) return;
      replaced = [...replaced, values];
      const [oldest] = replaced;
      if (replaced.length <= VALUES_KEPT_MAX || oldest === undefined) return;
      config = withValues(config, oldest);
      replaced = replaced.slice(1);
    },
    keepListeners(more) {
      listeners = [...listeners, ...more];
    },
    named: (name) => void names.push(name),
    giveTo(child) {
      child.tell({ type: 'open', config, names, started });
      const { box } = config;
      for (const values of replaced) {
        child.tell({ type: 'secrets', box, change: { values, gone: [], watched: null } });
      }
      const change = { values: [], gone: [...gone], watched: null };
      if (gone.size > 0) child.tell({ type: 'secrets', box, change });
      return Promise.all(listeners.map((listener) => child.handOver(config.box, listener)));
    },
  };
}

function withValues(config: BoxEgress, values: readonly NewValue[]): BoxEgress {
  const fresh = new Map(values.map(({ placeholder, value }) => [placeholder, value]));
  const secrets = config.secrets.map((secret) => ({
    ...secret,
    value: fresh.get(secret.placeholder) ?? secret.value,
  }));
  return { ...config, secrets };
}
