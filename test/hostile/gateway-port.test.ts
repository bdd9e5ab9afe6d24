import { connect as connectTo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { FAILED_LOGINS_MAX, PORT_SESSIONS_MAX } from '../../src/gateway/limits.ts';
import { type Gateway, openGateway, PATIENCE } from '../support/gateway-harness.ts';
import { expectAlive } from '../support/raw-peer.ts';

describe('a stranger at the port', () => {
  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: `Bearer pbt_${'a'.repeat(43)}` }],
    ['a token that is too long', { authorization: `Bearer ${'a'.repeat(2_000)}` }],
    ['another scheme', { authorization: 'Basic YTph' }],
  ])('is refused with %s', async (_, headers) => {
    const gateway = await openGateway();
    expect(await knock(gateway, headers)).toBe(401);
  });

  it('is refused under another name of this machine, and from a page of elsewhere', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const { port } = gateway.doors;
    const authorization = `Bearer ${await gateway.token('ann')}`;
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      '127.0.0.1:1',
      `0:${port}`,
    ]) {
      expect(await knock(gateway, { authorization, host })).toBe(403);
    }
    for (const origin of [
      'https://evil.example',
      'null',
      `https://127.0.0.1:${port}`,
      'http://127.0.0.1',
      `http://127.0.0.1:${port}.evil.example`,
      `http://evil.example:${port}`,
    ]) {
      expect(await knock(gateway, { authorization, origin })).toBe(403);
    }
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const host = `${name}:${port}`;
      expect(await knock(gateway, { authorization, host })).toBe(101);
      expect(await knock(gateway, { authorization, host, origin: `http://${host}` })).toBe(101);
    }
  });

  it('names its token as a protocol where it cannot set headers, and never in the URL', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const token = await gateway.token('ann');
    const url = `ws://127.0.0.1:${gateway.doors.port}/`;
    const open = async (...args: ConstructorParameters<typeof WebSocket>): Promise<WebSocket> => {
      const socket = new WebSocket(...args);
      onTestFinished(() => socket.terminate());
      await new Promise((resolve, reject) => {
        socket.once('open', resolve);
        socket.once('error', reject);
      });
      return socket;
    };
    const both = await open(url, ['powerbox', `powerbox.token.${token}`]);
    expect(both.protocol).toBe('powerbox');
    expect((await open(url, `powerbox.token.${token}`)).protocol).not.toBe('powerbox');
    await expect(open(`${url}?token=${token}`)).rejects.toThrow('401');
    await expect(open(url, 'powerbox.token.other')).rejects.toThrow('401');
  });

  it('cannot guess for long', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const token = await gateway.token('ann');
    const right = { authorization: `Bearer ${token}` };
    for (let count = 0; count < FAILED_LOGINS_MAX; count += 1) {
      expect(await knock(gateway, { authorization: 'Bearer wrong' })).toBe(401);
    }
    expect(await knock(gateway, { authorization: 'Bearer wrong' })).toBe(429);
    expect(await knock(gateway, right)).toBe(429);
    gateway.clock.now += 1_000;
    expect(await knock(gateway, right)).toBe(101);
  });

  it('cannot take the place of the host at the socket', async () => {
    const gateway = await openGateway();
    const { port } = gateway.doors;
    const sockets = Array.from({ length: PORT_SESSIONS_MAX + 8 }, () =>
      connectTo(port ?? 0, '127.0.0.1'),
    );
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    let over = 0;
    for (const socket of sockets) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        over += 1;
      });
    }
    await expect.poll(() => over, PATIENCE).toBeGreaterThanOrEqual(8);
    await expectAlive(gateway);
  });

  it('gets nothing from a request that is no WebSocket, and no leave for other pages', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const url = `http://127.0.0.1:${gateway.doors.port}`;
    const authorization = `Bearer ${await gateway.token('ann')}`;
    for (const [method, headers, status] of [
      ['GET', { authorization }, 426],
      ['GET', {}, 404],
      ['OPTIONS', { origin: 'https://evil.example' }, 404],
      ['POST', { authorization }, 426],
    ] as const) {
      const answer = await fetch(`${url}/anything`, { method, headers });
      expect(answer.status).toBe(status);
      expect(await answer.text()).toBe('');
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

/** The status that a request for a WebSocket is answered with; a session that opens is closed. */
function knock(gateway: Gateway, headers: Readonly<Record<string, string>>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${gateway.doors.port}/`, { headers });
    socket.once('upgrade', () => {
      resolve(101);
      socket.once('open', () => socket.close());
    });
    socket.once('unexpected-response', (_, response) => {
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.once('error', reject);
    socket.on('error', () => undefined);
  });
}
