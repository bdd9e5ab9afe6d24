import { cameTo, elsewhere } from '../judges.ts';
import type { Case } from '../types.ts';

/** The service of the target's own machine, whose records are joined under this name. */
export const ADMIN = 'the machine itself';

const inside = cameTo(ADMIN, 'lan');

const named = (...names: readonly string[]): string[] => names.map((name) => `name_${name}`);
const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${word}_${index}`);

/** C. Names and addresses. */
export const NAMES: readonly Case[] = [
  {
    twin: 'ok_api',
    number: 19,
    title: 'NUL, percent signs, brackets, a zone, an overlong name; capitals and a last dot',
    attacks: named(
      ...['nul', 'nul_reversed', 'percent', 'percent_nul', 'brackets', 'zone', 'long'],
      ...['upper_evil', 'dot_evil', 'two_dots'],
    ),
    judge: elsewhere,
  },
  {
    twin: 'ok_api',
    number: 19,
    title: '',
    attacks: ['same_upper', 'same_dot'],
    judge: ({ arrived }) =>
      arrived.some(({ asked }) => !/^host: *api\.acme\.example(?::443)?$/im.test(asked.head))
        ? 'the approved name came in another form'
        : null,
  },
  {
    twin: 'ok_open',
    number: 20,
    title: 'names that begin or end like an approved one; the apex of a wildcard',
    attacks: named('prefix', 'suffix', 'apex', 'beside', 'below', 'address_below'),
    judge: elsewhere,
  },
  {
    twin: 'ok_api',
    number: 21,
    title: 'names of other scripts, a soft hyphen, an A-label',
    attacks: named('cyrillic', 'wide', 'soft_hyphen', 'a_label'),
    judge: elsewhere,
  },
  {
    twin: 'ok_plain',
    number: 22,
    title: "the machine's own and its network's addresses, in every notation and by approved names",
    attacks: numbered('address', 17),
    judge: inside,
  },
  {
    twin: 'ok_plain',
    number: 22,
    title: '',
    attacks: ['inner', 'mapped', 'meta', 'own', 'lan'].map((name) => `inner_${name}`),
    judge: inside,
  },
  {
    twin: 'ok_plain',
    number: 23,
    title: 'a name whose address changes between look and use',
    attacks: ['rebinding'],
    judge: inside,
  },
  {
    twin: 'ok_plain',
    number: 24,
    title: 'URLs that two parsers read differently',
    attacks: [
      ...['userinfo', 'userinfo_port', 'backslash', 'backslash_reversed', 'hash', 'hash_reversed'],
      ...['question', 'tab', 'slashes', 'no_slashes', 'nul', 'percent'],
    ].map((name) => `split_${name}`),
    judge: elsewhere,
  },
];
