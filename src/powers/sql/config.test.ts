import { describe, expect, it } from 'vitest';
import { readConfig, writeConfig } from './config.ts';

const POSTGRES = {
  dialect: 'postgres',
  host: 'db.example.com',
  port: 5432,
  user: 'me',
  database: 'shop',
  tls: 'verify',
  credential: null,
};

describe('the place of a database', () => {
  it.each([
    ['sqlite:/srv/a.db', { dialect: 'sqlite', file: '/srv/a.db', readOnly: false }],
    ['sqlite:/srv/a.db?readonly', { dialect: 'sqlite', file: '/srv/a.db', readOnly: true }],
    ['postgres://me@db.example.com/shop', POSTGRES],
    ['postgres://me@db.example.com/shop with DB', { ...POSTGRES, credential: 'DB' }],
    ['postgres://me@db.example.com:5433/shop', { ...POSTGRES, port: 5433 }],
    ['postgres://me@db.example.com/shop?sslmode=disable', { ...POSTGRES, tls: 'none' }],
    ['postgres://me@localhost/shop', { ...POSTGRES, host: 'localhost', tls: 'none' }],
    ['postgres://me@[::1]/shop', { ...POSTGRES, host: '::1', tls: 'none' }],
    ['postgres:///shop?host=%2Ftmp%2Fs&user=me', { ...POSTGRES, host: '/tmp/s', tls: 'none' }],
  ])('%s is read, and written back', (text, config) => {
    const read = readConfig(text);
    expect(read).toEqual(config);
    expect(writeConfig(read)).toBe(text);
    expect(readConfig(writeConfig(read))).toEqual(read);
  });

  it('takes the text of a socket without its escapes', () => {
    expect(readConfig('postgres:///db?host=/tmp/sock')).toMatchObject({ host: '/tmp/sock' });
  });

  it.each([
    'sqlite:relative.db',
    'sqlite:/srv/../etc/x.db',
    'sqlite:file:/srv/a.db',
    'sqlite::memory:',
    'sqlite:/srv/',
    'sqlite:/srv/a.db with SECRET',
    'mysql://me@host/db',
    'postgres://',
    'postgres://me@host/',
    'postgres://me@host/db?options=-cx',
    'postgres://me@host/db?host=a&host=b',
    'postgres://me@host/db?sslmode=prefer',
    'postgres://me@host:99999/db',
    'postgres://me@host/db#x',
    'postgres://me@host/db with A with B',
    'postgres://me@host/db with a b',
    'postgres://me:hunter2@host/db',
    'postgres://me:hunter2@ho st/db',
  ])('%s is refused, and not shown', (text) => {
    let message = '';
    try {
      readConfig(text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'power-invalid' });
      message = String(error);
    }
    expect(message).not.toBe('');
    expect(message).not.toContain('hunter2');
  });
});
