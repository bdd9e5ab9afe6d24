import type { BoxState } from '../box-egress.ts';
import type { HttpGrant } from '../grant-index.ts';
import type { Target } from '../target.ts';
import type { DialOptions } from './dial.ts';

/** An address that a rule spells out is meant; one that a wildcard happens to cover is not. */
export function dialOptionsFor(box: BoxState, target: Target, grant: HttpGrant): DialOptions {
  return {
    override: box.config.hosts[`${target.host.host}:${target.port}`],
    addressNamed: target.host.kind !== 'name' && grant.config.host.type === 'exact',
  };
}
