import { readFileSync } from 'node:fs';
import { CONNECTIONS_MAX, CONNECTIONS_MIN, DESCRIPTORS_KEPT } from './limits.ts';

/** Descriptors that this process may have open at once (RLIMIT_NOFILE of getrlimit(2)). */
export function descriptorsOf(limits: string): number {
  const text = /^Max open files +(\S+)/m.exec(limits)?.[1];
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text ?? 1024);
}

let descriptors: number | undefined;

/**
 * Connections that each of so many boxes may have open at once, so that no box takes the
 * descriptors of another, nor those that the egress itself needs. Each may want one to an upstream.
 */
export function connectionsMax(boxes: number, open: number = ownDescriptors()): number {
  const share = Math.floor((open - DESCRIPTORS_KEPT) / (2 * Math.max(1, boxes)));
  return Math.max(CONNECTIONS_MIN, Math.min(CONNECTIONS_MAX, share));
}

function ownDescriptors(): number {
  descriptors ??= descriptorsOf(readFileSync('/proc/self/limits', 'latin1'));
  return descriptors;
}
