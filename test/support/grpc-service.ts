import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { rolldown } from 'rolldown';

/** A gRPC service of the real package, over TLS on a free port of 127.0.0.1. */
export interface GrpcService {
  readonly port: number;
  /** `authorization` of each call, in order; undefined where it had none. */
  readonly authorizations: (string | undefined)[];
  /** Metadata of each call. */
  readonly metadata: Record<string, string>[];
  /** Names of the methods that were called. */
  readonly called: string[];
  /** Calls of `Wait` that the client gave up. */
  readonly cancelled: number;
  close(): void;
}

type Done = sendUnaryData<Buffer>;

const plain = (value: Buffer): Buffer => value;
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/acme.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: plain,
  requestDeserialize: plain,
  responseSerialize: plain,
  responseDeserialize: plain,
});

/** What is said so often that it lies across every border of DATA frames (16,384 bytes). */
const REPEATS = 4_000;

const METHODS = {
  unary: method('Unary', false, false),
  gather: method('Gather', true, false),
  scatter: method('Scatter', false, true),
  talk: method('Talk', true, true),
  fail: method('Fail', false, false),
  wait: method('Wait', false, true),
  hidden: method('Hidden', false, false),
};

type Note = (name: string, metadata: Metadata) => void;

export async function startGrpcService(certificate: {
  readonly cert: string;
  readonly key: string;
}): Promise<GrpcService> {
  const authorizations: (string | undefined)[] = [];
  const seen: Record<string, string>[] = [];
  const called: string[] = [];
  let cancelled = 0;
  const note: Note = (name, metadata) => {
    called.push(name);
    authorizations.push(metadata.get('authorization')[0]?.toString());
    const shown = Object.entries(metadata.getMap()).map(([key, value]) => [
      key,
      Buffer.isBuffer(value) ? value.toString('hex') : value,
    ]);
    seen.push(Object.fromEntries(shown) as Record<string, string>);
  };
  const server = new Server({ 'grpc.max_receive_message_length': 16 * 1024 * 1024 });
  server.addService(METHODS, {
    ...single(note),
    ...streams(note, () => {
      cancelled += 1;
    }),
  });
  const pair = {
    cert_chain: Buffer.from(certificate.cert),
    private_key: Buffer.from(certificate.key),
  };
  const port = await new Promise<number>((done, fail) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error === null ? done(bound) : fail(error),
    ),
  );
  return {
    port,
    authorizations,
    metadata: seen,
    called,
    get cancelled() {
      return cancelled;
    },
    close: () => server.forceShutdown(),
  };
}

/** The methods that are answered once. */
function single(note: Note) {
  return {
    unary(call: ServerUnaryCall<Buffer, Buffer>, done: Done) {
      note('Unary', call.metadata);
      answerUnary(call, done);
    },
    gather(call: ServerReadableStream<Buffer, Buffer>, done: Done) {
      note('Gather', call.metadata);
      const parts: string[] = [];
      call.on('data', (part: Buffer) => parts.push(part.toString()));
      call.on('end', () => done(null, Buffer.from(parts.join('+'))));
    },
    fail(call: ServerUnaryCall<Buffer, Buffer>, done: Done) {
      note('Fail', call.metadata);
      const metadata = new Metadata();
      metadata.set('x-why-bin', Buffer.from([0, 1, 254, 255]));
      done({ code: status.NOT_FOUND, details: 'No caf\u00e9 here: 100 %', metadata });
    },
    hidden(call: ServerUnaryCall<Buffer, Buffer>, done: Done) {
      note('Hidden', call.metadata);
      done(null, Buffer.from('seen'));
    },
  };
}

/** The methods that answer with a stream. */
function streams(note: Note, onCancelled: () => void) {
  return {
    scatter(call: ServerWritableStream<Buffer, Buffer>) {
      note('Scatter', call.metadata);
      for (let i = 0; i < Number(call.request.toString()); i += 1) call.write(Buffer.from(`${i}`));
      call.end();
    },
    talk(call: ServerDuplexStream<Buffer, Buffer>) {
      note('Talk', call.metadata);
      call.on('data', (part: Buffer) => call.write(Buffer.from(`answer to ${part}`)));
      call.on('end', () => call.end());
    },
    wait(call: ServerWritableStream<Buffer, Buffer>) {
      note('Wait', call.metadata);
      call.on('cancelled', onCancelled);
      call.write(Buffer.from('wait'));
    },
  };
}

function answerUnary(call: ServerUnaryCall<Buffer, Buffer>, done: Done): void {
  const echo = call.metadata.get('x-echo')[0];
  const token = call.metadata.get('authorization')[0]?.toString() ?? '';
  const [head, after] = [new Metadata(), new Metadata()];
  head.set('x-answer', 'first');
  head.set('x-answer-bin', Buffer.from([255, 0, 128]));
  after.set('x-after', 'last');
  after.set('x-after-bin', Buffer.from([7, 0, 255]));
  if (echo !== undefined) {
    head.set('x-echo', token);
    after.set('x-echo', token);
    after.set('x-echo-bin', Buffer.from(token));
  }
  call.sendMetadata(head);
  const said = `${token} `.repeat(REPEATS);
  done(null, echo === undefined ? call.request : Buffer.from(said), after);
}

/** Writes the real client as one file, so that nothing else has to be in a box. */
export async function bundleGrpc(file: string): Promise<void> {
  const bundle = await rolldown({ input: '@grpc/grpc-js', platform: 'node', logLevel: 'silent' });
  await bundle.write({ file, format: 'cjs' });
  await bundle.close();
}
