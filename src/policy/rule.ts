import type { HeldGrant } from '../ocap/grant.ts';
import type { HostPattern, HttpConfig } from '../powers/http/config.ts';
import type { HttpNarrowing } from '../powers/http/narrowing.ts';
import { PowerboxError } from '../wire/errors.ts';
import { formatOrigin, splitAuthority } from './authority.ts';
import { canonicalHost } from './host.ts';
import { RULE_CHARS_MAX } from './limits.ts';
import { faultOfMethod, isUsualMethod } from './method.ts';
import { compilePathPattern } from './path-pattern.ts';
import type { IsPublicSuffix } from './public-suffix.ts';
import { quote } from './quote.ts';

/** One power over the network, as a person writes it. */
export interface Rule {
  readonly config: HttpConfig;
  readonly narrowing: HttpNarrowing;
  /** Canonical text; parses to the same rule. */
  readonly text: string;
}

export interface RuleOptions {
  /** Accept `*`, every name. */
  readonly allowAllHosts?: boolean;
  /** Without it every wildcard is refused. */
  readonly isPublicSuffix?: IsPublicSuffix;
}

/**
 * Reads `[METHOD[,METHOD] ]HOST-or-ORIGIN[/PATH-PATTERN]`. The scheme is https unless written, and
 * the port that of the scheme. Without methods all but TRACE and CONNECT are given, GET gives
 * HEAD, without a path every path; `https://host/` gives the path `/` only.
 *
 * Throws PowerboxError `rule-invalid`, whose message names the column (from 1) of the fault.
 */
export function parseRule(text: string, options: RuleOptions = {}): Rule {
  if (text.length > RULE_CHARS_MAX) {
    fail(text, `the rule is longer than ${RULE_CHARS_MAX} characters`, RULE_CHARS_MAX);
  }
  const space = text.indexOf(' ');
  if (space === -1 && isUsualMethod(text)) fail(text, 'the host is missing', text.length);
  const methods = space === -1 ? null : parseMethods(text.slice(0, space), text);
  const authority = splitAuthority(text, space + 1);
  if (!authority.ok) return fail(text, authority.reason, authority.at);
  const { scheme, port, hostAt, pathAt } = authority;
  const host = parseHost(authority.host, hostAt, text, options);
  const path = pathAt === text.length ? null : parsePath(pathAt, text);
  return makeRule({ scheme, host, port }, { methods, path });
}

/** The rule of parts that are canonical already. */
function makeRule(config: HttpConfig, narrowing: HttpNarrowing): Rule {
  const methods = narrowing.methods === null ? '' : `${narrowing.methods.join(',')} `;
  return { config, narrowing, text: `${methods}${originText(config)}${narrowing.path ?? ''}` };
}

export function ruleToGrant(rule: Rule, id: string): HeldGrant<HttpConfig, HttpNarrowing> {
  return {
    id,
    kind: 'http',
    config: rule.config,
    narrowings: [rule.narrowing],
    chain: [id],
    text: rule.text,
    notBefore: null,
    expires: null,
    asks: false,
  };
}

/** The origin as a rule has it, for example `https://*.example.com:8443`. */
export function originText({ scheme, host, port }: HttpConfig): string {
  return formatOrigin(scheme, hostText(host), port);
}

function hostText(host: HostPattern): string {
  if (host.type === 'any') return '*';
  return host.type === 'below' ? `*.${host.suffix}` : host.name;
}

function parseMethods(list: string, text: string): readonly string[] {
  let at = 0;
  for (const method of list.split(',')) {
    const reason = faultOfMethod(method);
    if (reason !== null) fail(text, reason, at);
    at += method.length + 1;
  }
  return [...new Set(list.split(','))].sort();
}

function parseHost(host: string, at: number, text: string, options: RuleOptions): HostPattern {
  if (host === '*') {
    if (options.allowAllHosts === true) return { type: 'any' };
    return fail(text, 'the wildcard * would allow every host', at, {
      hint: 'Name the hosts, or give --allow-all-hosts.',
    });
  }
  const wildcard = host.startsWith('*.');
  const offset = wildcard ? 2 : 0;
  const canonical = canonicalHost(host.slice(offset));
  if (!canonical.ok) return fail(text, canonical.reason, at + offset + canonical.at);
  if (!wildcard) return { type: 'exact', name: canonical.host };
  if (canonical.kind !== 'name') return fail(text, 'a wildcard does not match addresses', at);
  if (options.isPublicSuffix === undefined) {
    return fail(text, 'a wildcard cannot be judged without the public suffix list', at);
  }
  if (options.isPublicSuffix(canonical.host)) {
    return fail(text, `anyone can have a name below ${canonical.host}`, at, {
      hint: 'Put the wildcard below a name that one owner holds, as in *.example.com.',
    });
  }
  return { type: 'below', suffix: canonical.host };
}

function parsePath(at: number, text: string): string {
  if (text[at] !== '/') return fail(text, 'a path begins with / and has no query or fragment', at);
  const compiled = compilePathPattern(text.slice(at));
  if (!compiled.ok) return fail(text, compiled.reason, at + compiled.at);
  return compiled.pattern.text;
}

function fail(text: string, reason: string, at: number, options: { hint?: string } = {}): never {
  // A fault at the end of the text is shown at its last character.
  const column = Math.max(1, Math.min(at + 1, text.length));
  throw new PowerboxError(
    'rule-invalid',
    `Cannot parse the rule ${quote(text)}: ${reason} (column ${column}).`,
    options,
  );
}
