import { describe, expect, it } from 'vitest';
import { isFromLoopback } from './loopback.ts';

describe('a request from this machine', () => {
  it.each([
    [{ host: '127.0.0.1:8' }, true],
    [{ host: 'LOCALHOST:8' }, true],
    [{ host: '[::1]:8' }, true],
    [{ host: 'localhost:8', origin: 'http://localhost:8' }, true],
    [{ host: '127.0.0.1:8', origin: 'http://localhost:8' }, true],
    [{}, false],
    [{ host: '' }, false],
    [{ host: 'localhost' }, false],
    [{ host: 'localhost:80' }, false],
    [{ host: 'localhost.:8' }, false],
    [{ host: 'localhost:8.evil.example' }, false],
    [{ host: 'a@localhost:8' }, false],
    [{ host: '127.1:8' }, false],
    [{ host: '0.0.0.0:8' }, false],
    [{ host: 'localhost:8', origin: '' }, false],
    [{ host: 'localhost:8', origin: 'null' }, false],
    [{ host: 'localhost:8', origin: 'http://localhost:9' }, false],
    [{ host: 'localhost:8', origin: 'https://localhost:8' }, false],
    [{ host: 'localhost:8', origin: 'http://localhost:8/' }, false],
    [{ host: 'localhost:8', origin: 'http://localhost:8, http://evil.example' }, false],
  ])('%j: %s', (headers, expected) => {
    expect(isFromLoopback(headers, 8)).toBe(expected);
  });
});
