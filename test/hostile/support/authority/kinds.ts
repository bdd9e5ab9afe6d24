import type { PowerDefinition } from '../../../../src/ocap/power.ts';
import { filesPower } from '../../../../src/powers/files/kind.ts';
import { httpPower } from '../../../../src/powers/http/power.ts';
import { modelPower } from '../../../../src/powers/model/power.ts';
import { sqlPower } from '../../../../src/powers/sql/kind.ts';
import { storePower } from '../../../../src/powers/store/power.ts';

/** A real kind with narrowings and calls that meet often, both ways. */
export interface Subject {
  readonly definition: PowerDefinition<unknown, unknown, unknown>;
  readonly config: string;
  readonly only: readonly string[];
  readonly calls: readonly (readonly [method: string, ...args: readonly unknown[]])[];
}

const chat = (model: string, tokens: number, more: object = {}): readonly [string, unknown] => [
  'complete',
  { model, max_tokens: tokens, messages: [{ role: 'user', content: 'hello' }], ...more },
];

const request = (method: string, url: string, body?: string): readonly [string, unknown] => [
  'fetch',
  { method, url, ...(body === undefined ? {} : { body }) },
];

const API = 'https://api.example.com';

export const SUBJECTS = [
  {
    definition: httpPower,
    config: API,
    only: [
      'GET',
      'GET,POST /items/**',
      '/items/{id=1|2}',
      'GET /items/* query page=*',
      'POST /items body /name:string#<=4 only',
      'GET /** query -admin ...',
      'PUT,DELETE /items/**',
    ],
    calls: [
      request('GET', `${API}/items/1`),
      request('GET', `${API}/items/3?page=2`),
      request('GET', `${API}/items/1?admin=1`),
      request('POST', `${API}/items`, '{"name":"abc"}'),
      request('POST', `${API}/items`, '{"name":"abcdef"}'),
      request('POST', `${API}/items/2`, '{}'),
      request('DELETE', `${API}/items/2`),
      request('GET', `${API}/other`),
    ],
  },
  {
    definition: filesPower,
    config: '/srv/data',
    only: ['ro', 'below /a', 'read /a/**', 'read /**', 'write /a/*.txt', 'max=4', 'nothing'],
    calls: [
      ['read', '/a/b.txt'],
      ['read', '/c'],
      ['write', '/a/b.txt', 'abc'],
      ['write', '/a/b.txt', 'abcdef'],
      ['write', '/a/c/d.txt', ''],
      ['list', '/a'],
      ['remove', '/a/b.txt'],
      ['rename', '/a/b.txt', '/a/c.txt'],
      ['subdirectory', '/a'],
    ],
  },
  {
    definition: sqlPower,
    config: 'sqlite:/srv/shop.db',
    only: [
      'select',
      'select on orders',
      'select on orders(id, total) where tenant_id = 42',
      'select, update on notes',
      'insert on orders',
      'rows 10',
      'functions none',
    ],
    calls: [
      ['query', 'select id from orders', []],
      ['query', 'select id, secret from orders', []],
      ['query', 'select upper(title) from notes', []],
      ['query', 'select 1', []],
      ['execute', 'update notes set title = $1', ['x']],
      ['execute', 'insert into orders (id) values (1)', []],
      ['execute', 'delete from notes', []],
    ],
  },
  {
    definition: modelPower,
    config: 'openai credential=KEY',
    only: ['model=gpt-4o*', 'model=o3', 'tokens=10', 'tokens=1000', 'tools=off', 'messages=1'],
    calls: [
      chat('gpt-4o', 5),
      chat('gpt-4o-mini', 500),
      chat('o3', 5),
      chat('gpt-4o', 5, {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'user', content: 'b' },
        ],
      }),
      ['complete', { model: 'gpt-4o', messages: [{ role: 'user', content: 'a' }] }],
    ],
  },
  {
    definition: storePower,
    config: 'notes',
    only: ['ro', 'keys=a/*', 'keys=a/*,b', 'value=4', 'keys=b value=20'],
    calls: [
      ['get', 'a/x'],
      ['get', 'b'],
      ['get', 'c'],
      ['put', 'a/x', 'abc'],
      ['put', 'a/x', 'a much longer text'],
      ['put', 'b', 1],
      ['delete', 'a/x'],
      ['update', 'b', null, 2],
      ['list', { prefix: 'a/' }],
      ['size'],
    ],
  },
] as unknown as readonly Subject[];
