import { FALLBACK_PORTS, LISTENER_PORT } from '../../egress/network.ts';
import { everyAddressIsLocal, everyConnectionToOneListener, type Messages } from './netlink.ts';
import { call, keep, kept, type Step, step } from './plan.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const CLOSE_ON_EXEC = 0o2000000;
const NETLINK_ROUTE = 0;
const NETLINK_NETFILTER = 12;
const BACKLOG = 1024;

/**
 * Where the transparent listeners are bound. Not the loopback addresses and not the wildcard, so
 * that every port of the box's own 127.0.0.1 and ::1 stays its own.
 */
const LISTENER_IPV4 = [198, 18, 0, 3];
const LISTENER_IPV6 = [0xfd, 0x70, 0x6f, 0x77, 0x65, 0x72, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
const ANY_IPV4 = [0, 0, 0, 0];
const ANY_IPV6 = new Array<number>(16).fill(0);
const DNS_PORT = 53;

/**
 * Steps that fill a new network namespace: `lo`, every address local, the listeners made and handed
 * to the parent. `transparent` in the plan says whether one listener takes every port.
 */
export function networkSteps(options: { readonly transparent: boolean }): Step[] {
  const transparentListeners = [
    ...listener(AF_INET, LISTENER_IPV4, LISTENER_PORT, { transparent: true }),
    ...listener(AF_INET6, LISTENER_IPV6, LISTENER_PORT, { transparent: true }),
  ];
  const listed = FALLBACK_PORTS.flatMap((port) => [
    ...listener(AF_INET, ANY_IPV4, port, { transparent: false }),
    ...listener(AF_INET6, ANY_IPV6, port, { transparent: false }),
  ]);
  return [
    ...addressSteps(),
    ...(options.transparent ? redirectSteps(false) : [step('set', 'transparent', 0)]),
    step('when', kept('transparent'), transparentListeners.length),
    ...transparentListeners,
    step('unless', kept('transparent'), listed.length),
    ...listed,
    ...nameServer(AF_INET, ANY_IPV4),
    ...nameServer(AF_INET6, ANY_IPV6),
  ];
}

/** Steps that raise `lo` and make every address local. */
export function addressSteps(): Step[] {
  return netlink('lo', NETLINK_ROUTE, everyAddressIsLocal(), true);
}

/** Steps that bring every port to one listener; `must` makes a refusal of the kernel an error. */
export function redirectSteps(must: boolean): Step[] {
  const messages = everyConnectionToOneListener({
    ipv4: Uint8Array.from(LISTENER_IPV4),
    ipv6: Uint8Array.from(LISTENER_IPV6),
    port: LISTENER_PORT,
  });
  return netlink('transparent', NETLINK_NETFILTER, messages, must);
}

function netlink(name: string, protocol: number, messages: Messages, must: boolean): Step[] {
  const socket = keep('netlink', 'open netlink', 'socket', AF_NETLINK, SOCK_RAW, protocol);
  return [
    socket,
    step('netlink', name, kept('netlink'), messages.answers, messages.bytes, must ? 1 : 0),
    call('close netlink', 'close', kept('netlink')),
  ];
}

function listener(
  family: number,
  address: readonly number[],
  port: number,
  options: { readonly transparent: boolean },
): Step[] {
  const what = `listen on port ${port}`;
  return [
    keep('listener', what, 'socket', family, SOCK_STREAM | CLOSE_ON_EXEC, 0),
    ...(family === AF_INET6 ? [onlyIpv6(what)] : []),
    ...(options.transparent ? [transparent(family, what)] : []),
    bind(what, family, address, port),
    call(what, 'listen', kept('listener'), BACKLOG),
    ...handOver('net.Native', { transport: 'tcp', family: family === AF_INET ? 4 : 6, port }),
  ];
}

function nameServer(family: number, address: readonly number[]): Step[] {
  const what = 'open the name server';
  return [
    keep('listener', what, 'socket', family, SOCK_DGRAM | CLOSE_ON_EXEC, 0),
    ...(family === AF_INET6 ? [onlyIpv6(what)] : []),
    bind(what, family, address, DNS_PORT),
    ...handOver('dgram.Native', {
      transport: 'udp',
      family: family === AF_INET ? 4 : 6,
      port: DNS_PORT,
    }),
  ];
}

/** What the parent is told of a listener. */
export interface ListenerMessage {
  readonly transport: 'tcp' | 'udp';
  readonly family: 4 | 6;
  readonly port: number;
}

function handOver(type: string, msg: ListenerMessage): Step[] {
  return [
    step('send', kept('listener'), JSON.stringify({ cmd: 'NODE_HANDLE', type, msg })),
    call('close a listener', 'close', kept('listener')),
  ];
}

function onlyIpv6(what: string): Step {
  return option(what, 41, 26); // IPPROTO_IPV6, IPV6_V6ONLY
}

function transparent(family: number, what: string): Step {
  // SOL_IP, IP_TRANSPARENT or SOL_IPV6, IPV6_TRANSPARENT
  return family === AF_INET ? option(what, 0, 19) : option(what, 41, 75);
}

function option(what: string, level: number, name: number): Step {
  return call(what, 'setsockopt', kept('listener'), level, name, Buffer.from([1, 0, 0, 0]), 4);
}

function bind(what: string, family: number, address: readonly number[], port: number): Step {
  const sockaddr = Buffer.alloc(family === AF_INET ? 16 : 28);
  sockaddr.writeUInt16LE(family, 0);
  sockaddr.writeUInt16BE(port, 2);
  Buffer.from(address).copy(sockaddr, family === AF_INET ? 4 : 8);
  return call(what, 'bind', kept('listener'), sockaddr, sockaddr.length);
}
