// What a hostile program does to its egress, in a box: told by lines of JSON on standard input,
// {"what","seconds"}, and answers each with one line, {"done": how often}.
//
//   flood.mjs HOST TOKEN
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';

const [host, token] = process.argv.slice(2);
/** Somewhere that no rule names. */
const ELSEWHERE = '203.0.113.9';

/** Names that were made up so far. */
let names = 0;

const FLOODS = {
  /** As many requests as there is room for. */
  requests: (until) => many(64, () => ask(until, '/1k', secure)),
  /** Answers of 1 MiB, each searched for the secret. */
  answers: (until) => many(16, () => ask(until, '/1m', secure)),
  /** Requests that no rule allows. */
  refusals: (until) =>
    many(64, () => ask(until, '/', () => connect({ host: ELSEWHERE, port: 80 }))),
  connections: (until) => many(64, () => again(until, () => touch(ELSEWHERE, 80, ''))),
  /** A greeting for a name of its own in each connection. */
  names: (until) => many(32, () => again(until, greet)),
  /** As many silent connections as it takes, held. */
  silence: (until) => silence(until),
  questions: (until) => many(4, () => again(until, question)),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { what, seconds } = JSON.parse(line);
  const done = await FLOODS[what](Date.now() + seconds * 1000);
  process.stdout.write(`${JSON.stringify({ done })}\n`);
}
process.exit(0);

async function many(count, one) {
  const counts = await Promise.all(Array.from({ length: count }, one));
  return counts.reduce((sum, more) => sum + more, 0);
}

async function again(until, act) {
  let count = 0;
  while (Date.now() < until) {
    await act();
    count += 1;
  }
  return count;
}

function secure() {
  return connectTls({ host, port: 443, servername: host, rejectUnauthorized: false });
}

/** One connection, and its next request as soon as an answer has come. */
function ask(until, path, dial) {
  const [name, auth] =
    dial === secure ? [host, `authorization: Bearer ${token}\r\n`] : [ELSEWHERE, ''];
  const head = `GET ${path} HTTP/1.1\r\nhost: ${name}\r\n${auth}\r\n`;
  let count = 0;
  return new Promise((done) => {
    const begin = () => {
      if (Date.now() >= until) return done(count);
      const socket = dial();
      let missing = 0;
      const next = () => {
        if (Date.now() >= until) socket.destroy();
        else socket.write(head);
      };
      socket.once(dial === secure ? 'secureConnect' : 'connect', next);
      socket.on('error', () => {});
      socket.once('close', () => setImmediate(begin));
      socket.on('data', (chunk) => {
        missing -= chunk.length;
        if (missing > 0) return;
        count += 1;
        const length = /\ncontent-length: *(\d+)/i.exec(chunk.toString('latin1', 0, 2000))?.[1];
        const at = chunk.indexOf('\r\n\r\n');
        missing = length === undefined ? 0 : Number(length) - (chunk.length - at - 4);
        if (missing <= 0) next();
      });
    };
    begin();
  });
}

function touch(address, port, text) {
  return new Promise((done) => {
    const socket = connect({ host: address, port }, () => {
      if (text !== '') socket.write(text);
      setTimeout(() => socket.destroy(), 5);
    });
    socket.on('error', () => {});
    socket.once('close', done);
  });
}

function greet() {
  return new Promise((done) => {
    names += 1;
    const socket = connectTls({
      host: ELSEWHERE,
      port: 443,
      servername: `n${names}.flood.example`,
      rejectUnauthorized: false,
    });
    socket.once('secureConnect', () => socket.destroy());
    socket.on('error', () => {});
    socket.once('close', done);
  });
}

async function silence(until) {
  const held = [];
  while (Date.now() < until) {
    if (held.length < 10_000) {
      const socket = connect({ host: ELSEWHERE, port: 80 });
      socket.on('error', () => {});
      held.push(socket);
    }
    if (held.length % 100 === 0) await new Promise((next) => setTimeout(next, 10));
  }
  for (const socket of held) socket.destroy();
  return held.length;
}

/** A name that the resolver has to remember. */
function question() {
  names += 1;
  const label = Buffer.from(`n${names}`);
  const head = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const name = Buffer.concat([
    Buffer.from([label.length]),
    label,
    Buffer.from('\x05flood\0\0\x01\0\x01'),
  ]);
  return new Promise((done) => {
    const socket = createSocket('udp4');
    const over = () => {
      clearTimeout(timer);
      socket.close(done);
    };
    const timer = setTimeout(over, 500);
    socket.once('message', over);
    socket.on('error', () => {});
    socket.send(Buffer.concat([head, name]), 53, '198.18.0.1');
  });
}
