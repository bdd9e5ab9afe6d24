import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type CanonicalHost, canonicalHost } from '../policy/host.ts';
import type { BoxState } from './box-egress.ts';
import { type Connection, setConnection } from './connection.ts';
import { connectionsMax } from './descriptors.ts';
import { readGreeting } from './greeting.ts';
import { makeHttp2Server } from './http2/server.ts';
import {
  CLIENT_HELLO_BYTES_MAX,
  FIRST_BYTES_MS_MAX,
  HANDSHAKE_MS_MAX,
  SHARE_OF_GREETING,
} from './limits.ts';
import { isVirtualAddress, PROXY_ADDRESS, PROXY_PORT } from './network.ts';
import type { Refusal } from './refusal.ts';
import { refuseConnection } from './refuse-connection.ts';
import { serveDnsStream } from './serve-dns.ts';
import { SHARES } from './share.ts';

/** The one server of the process for HTTP/2; it, too, listens on nothing. */
const http2 = makeHttp2Server();

/**
 * Takes one connection of a box: its original destination is the socket's own local address. What
 * it speaks is told by its first bytes: TLS, HTTP, or something that does not leave a box.
 */
export function acceptConnection(box: BoxState, http: HttpServer, socket: Socket): void {
  socket.on('error', () => {});
  if (box.sockets.size >= connectionsMax(SHARES.boxes)) {
    box.recordFlood(`${plainAddress(socket.localAddress)}:${socket.localPort}`);
    socket.resetAndDestroy();
    return;
  }
  box.sockets.add(socket);
  socket.once('close', () => box.sockets.delete(socket));
  socket.setNoDelay(true);
  const address = plainAddress(socket.localAddress);
  const port = socket.localPort;
  if (address === null || port === undefined) {
    socket.destroy();
    return;
  }
  if (address === PROXY_ADDRESS && port === PROXY_PORT) {
    const entrance: Connection = {
      box,
      scheme: 'http',
      declared: null,
      address,
      port,
      proxy: true,
    };
    setConnection(socket, entrance);
    http.emit('connection', socket);
    return;
  }
  if (port === 53) {
    serveDnsStream(socket, box.names);
    return;
  }
  const arrival = arrivalAt(box, address, port);
  if ('code' in arrival) {
    const connection: Connection = {
      box,
      scheme: 'http',
      declared: null,
      address,
      port,
      proxy: false,
    };
    refuseConnection(connection, arrival, () => socket.resetAndDestroy());
    return;
  }
  classify(http, socket, arrival);
}

interface Arrival {
  readonly box: BoxState;
  readonly declared: CanonicalHost | null;
  readonly address: string;
  readonly port: number;
}

/** What the destination address says of the host: a virtual address stands for one name. */
function arrivalAt(box: BoxState, address: string, port: number): Arrival | Refusal {
  if (/^127\.|^::1$|^0\.|^::$/.test(address)) {
    return { code: 'address-refused', reason: 'Nothing of this box listens there.' };
  }
  if (!isVirtualAddress(address)) return { box, declared: null, address, port };
  const name = box.names.nameOf(address);
  const host = name === null ? null : canonicalHost(name);
  if (host === null || !host.ok) {
    return {
      code: 'address-refused',
      reason: 'The address belongs to no name that was asked for.',
    };
  }
  return { box, declared: host, address, port };
}

/** A tunnel that CONNECT opened: the same road, with the name that CONNECT gave. */
export function acceptTunnel(
  http: HttpServer,
  connection: Connection,
  authority: { readonly host: CanonicalHost; readonly port: number | null },
  socket: Socket,
): void {
  const { box } = connection;
  const port = authority.port ?? 443;
  // A literal address is no name: as on a direct connection, SNI or Host may give one.
  const declared = authority.host.kind === 'name' ? authority.host : null;
  classify(http, socket, { box, declared, address: authority.host.host, port });
}

function classify(http: HttpServer, socket: Socket, arrival: Arrival): void {
  let gathered: Buffer = Buffer.alloc(0);
  const timer = setTimeout(
    () => refuse('protocol-refused', 'The program waited for the server to speak first.'),
    FIRST_BYTES_MS_MAX,
  );
  socket.on('readable', onReadable);
  socket.once('end', onEnd);
  socket.once('close', onEnd);

  function release(): void {
    clearTimeout(timer);
    socket.off('readable', onReadable);
    socket.off('end', onEnd);
    socket.off('close', onEnd);
  }
  function onEnd(): void {
    refuse('protocol-refused', 'The connection was closed before it said what it wants.');
  }
  function refuse(code: Refusal['code'], reason: string): void {
    release();
    const connection: Connection = { ...arrival, scheme: 'http', proxy: false };
    refuseConnection(connection, { code, reason }, () => socket.resetAndDestroy());
  }
  function onReadable(): void {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      gathered = gathered.length === 0 ? chunk : Buffer.concat([gathered, chunk]);
      if (gathered.length > CLIENT_HELLO_BYTES_MAX) break;
    }
    if (gathered.length === 0) return;
    const greeting = readGreeting(gathered);
    if (greeting.speaks === 'tls') {
      onHello(greeting.serverName);
    } else if (greeting.speaks === 'http') {
      release();
      setConnection(socket, { ...arrival, scheme: 'http', proxy: false });
      socket.unshift(gathered);
      http.emit('connection', socket);
    } else if (greeting.speaks === 'nothing-known') {
      refuse('protocol-refused', greeting.reason);
    }
  }
  function onHello(serverName: string | null): void {
    const host = secureHost(arrival, serverName);
    if ('code' in host) {
      refuse(host.code, host.reason);
      return;
    }
    release();
    const connection: Connection = { ...arrival, declared: host, scheme: 'https', proxy: false };
    arrival.box.share.when(SHARE_OF_GREETING, () => {
      if (!socket.destroyed) secure(http, socket, gathered, connection);
    });
  }
}

/** SNI must repeat the name that the connection declared; where none was declared, SNI is it. */
function secureHost(arrival: Arrival, serverName: string | null): CanonicalHost | Refusal {
  const { declared, address } = arrival;
  if (serverName === null) {
    if (declared !== null) return declared;
    const literal = canonicalHost(address);
    if (literal.ok) return literal;
    return { code: 'target-mismatch', reason: 'The connection names no host.' };
  }
  const named = canonicalHost(serverName);
  if (!named.ok || named.kind !== 'name') {
    return {
      code: 'target-mismatch',
      reason: 'The server name of the TLS greeting is not a host name.',
    };
  }
  if (declared !== null && declared.host !== named.host) {
    return {
      code: 'target-mismatch',
      reason: `The TLS greeting names another host than its connection, ${declared.host}.`,
    };
  }
  return named;
}

function secure(http: HttpServer, socket: Socket, hello: Buffer, connection: Connection): void {
  const { box, declared } = connection;
  const context = box.leafFor(declared?.host ?? connection.address);
  if (context === null) {
    const reason = 'The box opens connections to new names too fast.';
    refuseConnection(connection, { code: 'limit-exceeded', reason }, () =>
      socket.resetAndDestroy(),
    );
    return;
  }
  socket.unshift(hello);
  const tls = new TLSSocket(socket, {
    isServer: true,
    secureContext: context,
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  const timer = setTimeout(() => tls.destroy(), HANDSHAKE_MS_MAX);
  let secured = false;
  tls.once('secure', () => {
    secured = true;
    clearTimeout(timer);
    if (tls.alpnProtocol === 'h2') {
      http2.accept(tls, connection);
      return;
    }
    setConnection(tls, connection);
    http.emit('connection', tls);
  });
  tls.once('close', () => clearTimeout(timer));
  tls.on('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer);
    tls.destroy();
    if (secured) return;
    const reason = `The program did not accept the box's certificate or TLS versions (${error.code ?? 'unknown'}).`;
    refuseConnection(connection, { code: 'protocol-refused', reason }, () => {});
  });
}

/** IPv4 comes to a dual listener in mapped form (RFC 4291 section 2.5.5.2). */
function plainAddress(address: string | undefined): string | null {
  if (address === undefined) return null;
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
