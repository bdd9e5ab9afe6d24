import { reveals } from '../../test/hostile/support/readings.ts';
import { any, cameTo, cameWith, sawText, valueCame, valueOutsideSlot } from '../judges.ts';
import { BUDGET, TOKEN } from '../policy.ts';
import type { Case } from '../types.ts';

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${word}_${index}`);

/** What came as names or datagrams, whose record is joined under this name. */
export const DATAGRAMS = 'the name server';

const MINE = 'attacker-key-0123456789';
const mine = any(
  cameWith(new RegExp(MINE)),
  cameWith(new RegExp(Buffer.from(`me:${MINE}`).toString('base64'))),
);

/** F. Side channels. */
export const CHANNELS: readonly Case[] = [
  {
    twin: 'ok_open',
    number: 40,
    title: 'names as messengers: labels, TXT, NULL, DNS over TCP, TLS and HTTPS',
    attacks: ['dns_label', 'dns_records', 'dns_tcp', 'dns_tls'],
    needs: ['a boundary'],
    judge: cameTo(DATAGRAMS, 'evil-dot'),
  },
  {
    twin: 'ok_rules',
    number: 40,
    title: '',
    attacks: ['dns_https'],
    judge: cameWith(/dns-query/),
  },
  {
    twin: 'ok_api',
    number: 41,
    title: 'a record that lets the server be hidden; no server name, an outer one',
    attacks: ['ech_record'],
    needs: ['a boundary'],
    judge: sawText('ech-here', 'the keys of an encrypted hello'),
  },
  {
    twin: 'ok_api',
    number: 41,
    title: '',
    attacks: ['no_name', 'outer_name'],
    needs: ['a boundary'],
    judge: cameTo('evil'),
  },
  {
    twin: 'ok_open',
    number: 42,
    title: 'UDP, ICMP, raw sockets; an invitation to QUIC',
    attacks: ['udp', 'raw_sockets'],
    needs: ['a boundary'],
    judge: cameTo(DATAGRAMS),
  },
  {
    twin: 'ok_api',
    number: 42,
    title: '',
    attacks: ['alt_svc'],
    needs: ['a boundary'],
    judge: ({ text }) => (/^alt-svc:/im.test(text) ? 'the program saw Alt-Svc' : null),
  },
  {
    twin: 'ok_api',
    number: 43,
    title: "the attacker's own credential at an approved host",
    needs: ['credential pinning'],
    attacks: [
      ...['bearer', 'basic', 'token', 'x_api_key', 'auth_token', 'private_token', 'cookie'],
      ...['query_key', 'query_token', 'query_signed', 'beside', 'twice'],
    ].map((name) => `own_${name}`),
    judge: mine,
  },
  {
    twin: 'ok_repos',
    number: 44,
    title: "the person's credential at somebody else's repository",
    attacks: [...numbered('foreign', 10), 'foreign_destination'],
    judge: cameWith(/smuggled/),
  },
  {
    twin: 'ok_fetch',
    number: 45,
    title: 'fields and headers that make the service fetch from elsewhere',
    attacks: ['field', 'nested', 'connector', 'doubled', 'object'].map((name) => `fetch_${name}`),
    needs: ['body rules'],
    judge: cameWith(/smuggled/),
  },
  {
    twin: 'ok_fetch',
    number: 45,
    title: '',
    attacks: ['fetch_header'],
    judge: cameWith(/smuggled/),
  },
  {
    twin: 'ok_budget',
    number: 46,
    title: 'more requests than were granted',
    attacks: ['budget'],
    needs: ['budgets'],
    judge: ({ arrived }) =>
      arrived.length > BUDGET ? `${arrived.length} requests came of ${BUDGET}` : null,
  },
  {
    twin: 'ok_rules',
    number: 46,
    title: 'more requests than were granted; half a megabyte in a URL',
    attacks: ['long_url'],
    needs: ['budgets'],
    judge: ({ heard }) =>
      heard.some((one) => one.heard.bytes.length > 100_000) ? 'the URL came' : null,
  },
];

/** G. Placeholders. */
export const PLACEHOLDERS: readonly Case[] = [
  {
    twin: 'ok_other',
    number: 47,
    title: 'other shapes and places of a placeholder, and other hosts for it',
    needs: ['placeholders'],
    attacks: [
      ...['upper', 'lower', 'percent', 'base64', 'basic', 'doubled', 'adjacent', 'before', 'after'],
      ...['no_scheme', 'parameters', 'split', 'twice', 'other_header', 'query', 'body'],
      ...['to_other', 'to_other_slot', 'to_open', 'of_other', 'to_plain'],
    ].map((name) => `shape_${name}`),
    judge: valueOutsideSlot,
  },
  {
    twin: 'ok_other',
    number: 48,
    title: 'a secret with a line end; values in arguments and environments',
    attacks: ['line_ends'],
    judge: cameWith(/^x-injected:/im),
  },
  {
    twin: 'ok_other',
    number: 48,
    title: '',
    attacks: ['processes'],
    judge: ({ seen }) => (reveals(seen, TOKEN) ? 'the program saw the value' : null),
  },
  {
    twin: 'ok_open',
    number: 49,
    title: 'the value itself, from a program that must not have it, raw and encoded',
    needs: ['leak detection'],
    attacks: [
      'bearer',
      'header',
      'query',
      'path',
      'base64',
      'hex',
      'percent',
      'body',
      'body_base64',
    ].map((name) => `leaked_${name}`),
    judge: valueCame,
  },
];

/** H. Exhaustion and operations. */
export const OPERATIONS: readonly Case[] = [
  {
    twin: 'ok_open',
    number: 50,
    title: 'huge heads, ten thousand headers, heads that do not end, made-up names',
    attacks: ['large_head', 'many_headers'],
    judge: ({ heard }) =>
      heard.some((one) => one.heard.bytes.length > 65_536) ? 'the head came' : null,
  },
  {
    twin: 'ok_open',
    number: 50,
    title: '',
    attacks: ['slow_heads', 'many_names'],
    needs: ['a proxy'],
    judge: ({ text }) =>
      /HTTP\/1\.1 200/.test(text) ? null : 'an ordinary request was not served',
  },
  {
    twin: 'ok_open',
    number: 51,
    title: '',
    attacks: ['missing_secret'],
    needs: ['a secret store'],
    judge: ({ arrived }) =>
      arrived.every(({ asked }) => asked.head.includes('gone_live-8rT5mWq2'))
        ? null
        : 'the request went on without the value',
  },
  {
    twin: '',
    number: 51,
    title: 'the store of a secret goes down, and is down when the program would start',
    attacks: ['ok_open'],
    needs: ['a secret store'],
    policy: 'store down',
    judge: ({ heard }) => (heard.length > 0 ? 'the program ran without its secret' : null),
  },
  {
    twin: 'ok_open',
    number: 52,
    title: 'the program writes the policy',
    attacks: ['policy_files'],
    needs: ['a boundary'],
    judge: any(cameTo('evil'), ({ text }) =>
      /^[1-9]\d* written/.test(text) ? 'a file was written' : null,
    ),
  },
  {
    twin: 'ok_open',
    number: 53,
    title: 'a client that pins the certificate is let through unseen',
    attacks: ['pinned'],
    judge: ({ arrived }) => (arrived.length > 0 ? 'it was let through unseen' : null),
  },
];
