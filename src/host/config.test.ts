import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Home, openHome } from '../store/home.ts';
import { readConfig } from './config.ts';

let folder: string;
let home: Home;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-'));
  home = openHome({ POWERBOX_HOME: folder });
});

afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  writeFileSync(home.config, text);
  return readConfig(home);
}

describe('readConfig()', () => {
  it('is empty without a file', () => {
    rmSync(home.config, { force: true });
    expect(readConfig(home)).toEqual({ hosts: {}, kinds: [] });
  });

  it('reads hosts, with the authority as text or as a path', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nx\n';
    writeFileSync(join(folder, 'ca.pem'), pem);
    const hosts = {
      'API.example:443': { connect: '127.0.0.1:8443', ca: 'ca.pem' },
      '[::1]:80': { connect: '[::1]:8080', ca: pem },
    };
    expect(read(JSON.stringify({ egress: { hosts } }))).toEqual({
      hosts: {
        'api.example:443': { connect: '127.0.0.1:8443', ca: pem },
        '::1:80': { connect: '[::1]:8080', ca: pem },
      },
      kinds: [],
    });
  });

  it('reads the paths of further kinds, and not more than their bound', () => {
    const paths = (count: number) => Array.from({ length: count }, (_, at) => `/kinds/${at}.mjs`);
    expect(read(JSON.stringify({ kinds: paths(64) })).kinds).toEqual(paths(64));
    expect(() => read(JSON.stringify({ kinds: paths(65) }))).toThrow('at most 64 paths');
  });

  it.each([
    ['a kind that is no list', '{"kinds":"/a.mjs"}'],
    ['a kind with a relative path', '{"kinds":["a.mjs"]}'],
    ['a kind that is no text', '{"kinds":[1]}'],
    ['no JSON', '{'],
    ['a list', '[]'],
    ['an unknown key', '{"egres":{}}'],
    ['an unknown key below', '{"egress":{"hosts":{"a:1":{"conect":"b:1"}}}}'],
    ['a key without a port', '{"egress":{"hosts":{"a":{}}}}'],
    ['a place without a port', '{"egress":{"hosts":{"a:1":{"connect":"b"}}}}'],
    ['a number for text', '{"egress":{"hosts":{"a:1":{"connect":1}}}}'],
    ['an authority that is not there', '{"egress":{"hosts":{"a:1":{"ca":"none.pem"}}}}'],
  ])('refuses %s', (_, text) => {
    expect(() => read(text)).toThrow(/^Cannot use .*config\.json: /);
  });
});
