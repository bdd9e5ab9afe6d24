/**
 * The calls of a gRPC client in a box; prints one JSON object a line: what each came to. Runs beside
 * `grpc.cjs`, the bundled @grpc/grpc-js. Arguments: host:port, the token, then names of calls.
 */
const grpc = require('./grpc.cjs');
const [address, token, ...names] = process.argv.slice(2);
const ca =
  process.env.GRPC_CA === undefined ? null : require('node:fs').readFileSync(process.env.GRPC_CA);
const plain = (value) => value;
const method = (name, requestStream, responseStream) => ({
  path: `/acme.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: plain,
  requestDeserialize: plain,
  responseSerialize: plain,
  responseDeserialize: plain,
});
const Client = grpc.makeGenericClientConstructor({
  unary: method('Unary', false, false),
  gather: method('Gather', true, false),
  scatter: method('Scatter', false, true),
  talk: method('Talk', true, true),
  fail: method('Fail', false, false),
  wait: method('Wait', false, true),
  hidden: method('Hidden', false, false),
});
const client = new Client(address, grpc.credentials.createSsl(ca), {
  'grpc.max_receive_message_length': 16 * 1024 * 1024,
});

function metadata(pairs = {}) {
  const all = new grpc.Metadata();
  for (const [name, value] of Object.entries(pairs)) all.set(name, value);
  return all;
}
const shown = (all) =>
  Object.fromEntries(
    Object.entries(all?.getMap() ?? {}).map(([name, value]) => [
      name,
      Buffer.isBuffer(value) ? value.toString('hex') : value,
    ]),
  );

/** One message to one message. */
function unary(name, body, { pairs = {}, options = {} } = {}) {
  return new Promise((done) => {
    let head = {};
    let after = {};
    const call = client[name](Buffer.from(body), metadata(pairs), options, (error, answer) => {
      const status = error === null ? {} : { code: error.code, details: error.details };
      const tail = { ...after, ...shown(error?.metadata) };
      // The status comes behind the message.
      setImmediate(() => done({ answer, head, after: { ...tail, ...after }, ...status }));
    });
    call.on('metadata', (all) => {
      head = shown(all);
    });
    call.on('status', (status) => {
      after = shown(status.metadata);
    });
  });
}

/** All messages of a stream, and how it ended. */
function heard(call, onMessage = () => {}) {
  return new Promise((done) => {
    const messages = [];
    call.on('data', (message) => {
      messages.push(message.toString());
      onMessage(messages.length, message);
    });
    call.on('error', () => {});
    call.on('status', ({ code, details, metadata: all }) =>
      done({ messages, code, details, after: shown(all) }),
    );
  });
}

const CALLS = {
  async unary() {
    const pairs = { 'x-ask': 'a question', 'x-ask-bin': Buffer.from([0, 255, 10, 13]) };
    const { answer, ...rest } = await unary('unary', 'hello', { pairs });
    return { answer: answer?.toString(), ...rest };
  },
  async gather() {
    return new Promise((done) => {
      const call = client.gather((error, answer) =>
        done({ answer: answer?.toString(), code: error?.code }),
      );
      for (let i = 0; i < 5; i += 1) call.write(Buffer.from(String(i)));
      call.end();
    });
  },
  scatter: () => heard(client.scatter(Buffer.from('5'))),
  async talk() {
    const call = client.talk();
    const ended = heard(call, (count) => {
      if (count < 5) call.write(Buffer.from(`question ${count}`));
      else call.end();
    });
    call.write(Buffer.from('question 0'));
    return ended;
  },
  async fail() {
    return unary('fail', '');
  },
  deadline: () => heard(client.wait(Buffer.alloc(0), metadata(), { deadline: Date.now() + 800 })),
  async cancel() {
    const call = client.wait(Buffer.alloc(0));
    return heard(call, () => call.cancel());
  },
  async large() {
    const body = Buffer.alloc(4 * 1024 * 1024 + 17, 'abcdefg');
    const { answer, code } = await unary('unary', body);
    return { same: answer?.equals(body) === true, code };
  },
  async many() {
    const bodies = Array.from({ length: 50 }, (_, i) => `call ${i}`);
    const answers = await Promise.all(bodies.map((body) => unary('unary', body)));
    return { same: answers.every(({ answer }, i) => answer?.toString() === bodies[i]) };
  },
  /** The server repeats the authorization in everything that it says. */
  async echo() {
    const pairs = { authorization: `Bearer ${token}`, 'x-echo': 'everywhere' };
    const { answer, ...rest } = await unary('unary', 'echo', { pairs });
    return { answer: answer?.toString(), ...rest };
  },
  async hidden() {
    return unary('hidden', '');
  },
  async foreign() {
    return unary('unary', 'a', { pairs: { authorization: 'Bearer of-somebody-else' } });
  },
};

async function main() {
  for (const name of names) {
    console.log(JSON.stringify({ name, ...(await CALLS[name]()) }));
  }
  client.close();
}

void main();
