import { connect, Socket } from 'node:net';
import { Client, type CustomTypesConfig, type QueryArrayConfig } from 'pg';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { PostgresConfig } from './config.ts';
import type { Scalar } from './dialect.ts';
import type { Value } from './engine.ts';
import { ANSWER_BYTES_MAX, CONNECT_MS_MAX } from './limits.ts';
import type { Pooled } from './pool.ts';

/** Rows of one statement, as arrays. */
export interface Result {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly changes: number;
}

export interface PostgresConnection extends Pooled {
  /** Constant texts of this program only; may hold several statements. */
  control(text: string): Promise<void>;
  /** One statement by the extended protocol, which takes no second one. */
  statement(text: string, values: readonly Scalar[]): Promise<Result>;
  /** Marks that the connection is between two uses, and that its answers are counted anew. */
  begin(): void;
  settle(): void;
  /** Bytes that the server has sent since `begin`. */
  bytes(): number;
  /** Asks the server to stop, and closes. */
  cancel(): void;
}

export interface PostgresDependencies {
  password(): Promise<string>;
  /** Certificates (PEM) of authorities to trust in place of the known ones. */
  readonly authorities?: string | undefined;
  readonly connectMs?: number | undefined;
  readonly cursorIdleMs?: number | undefined;
}

export async function connectPostgres(
  config: PostgresConfig,
  deps: PostgresDependencies,
): Promise<PostgresConnection> {
  const socket = new Socket();
  const client = makeClient(config, deps, socket);
  let clean = true;
  let bytes = 0;
  let tooLong = false;
  let open = true;
  const end = (): void => {
    open = false;
    socket.destroy();
  };
  // Without a listener a lost connection would end the daemon.
  client.on('error', end);
  client.on('end', end);
  const fault = (error: unknown): PowerboxError => {
    if (tooLong) {
      return new PowerboxError('limit-exceeded', 'The answer is too long; ask for fewer rows.');
    }
    return postgresFault(error);
  };
  function cancel(): void {
    if (!open) return;
    sendCancel(config, client);
    end();
  }
  try {
    await client.connect();
  } catch (error) {
    end();
    throw fault(error);
  }
  // Of what has been decrypted: an answer is cut while it comes, before it fills the memory.
  streamOf(client).on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= ANSWER_BYTES_MAX * 2) return;
    tooLong = true;
    cancel();
  });
  return {
    ...queriesOf(client, fault),
    begin() {
      clean = false;
      bytes = 0;
    },
    settle() {
      clean = true;
    },
    bytes: () => bytes,
    isClean: () => clean && open,
    cancel,
    close() {
      if (!open) return;
      if (clean) {
        open = false;
        client.end().catch(() => {});
      } else cancel();
    },
  };
}

function queriesOf(
  client: Client,
  fault: (error: unknown) => PowerboxError,
): Pick<PostgresConnection, 'control' | 'statement'> {
  const failed = (error: unknown): never => {
    throw fault(error);
  };
  return {
    async control(text) {
      await client.query(text).catch(failed);
    },
    async statement(text, values) {
      const config: QueryArrayConfig & { queryMode: 'extended' } = {
        text,
        values: [...values],
        rowMode: 'array',
        queryMode: 'extended',
      };
      const result = await client.query(config).catch(failed);
      return {
        columns: result.fields.map(({ name }) => name),
        rows: result.rows as Value[][],
        changes: result.rowCount ?? 0,
      };
    },
  };
}

/** Nothing is taken from the environment of the daemon, nor from files in its home. */
function makeClient(
  config: PostgresConfig,
  { password, authorities, connectMs = CONNECT_MS_MAX }: PostgresDependencies,
  socket: Socket,
): Client {
  const { host, port, user, database, tls } = config;
  const trust = authorities === undefined ? {} : { ca: authorities };
  return new Client({
    host,
    port,
    user,
    database,
    password,
    ssl: tls === 'verify' ? { rejectUnauthorized: true, ...trust } : false,
    stream: () => socket,
    connectionTimeoutMillis: connectMs,
    application_name: 'powerbox',
    options: '-c client_min_messages=error',
    types: TYPE_PARSERS,
  });
}

/** The stream that the client reads: its socket, or what decrypts it. */
function streamOf(client: Client): NodeJS.ReadableStream {
  return (client as unknown as { connection: { stream: NodeJS.ReadableStream } }).connection.stream;
}

const BOOL = 16;
const BYTEA = 17;
const INTEGERS: ReadonlySet<number> = new Set([20, 21, 23]);
const FLOATS: ReadonlySet<number> = new Set([700, 701]);

/** Texts but for what JSON says as well; `numeric` stays a text, as it may have more digits. */
const TYPE_PARSERS = {
  getTypeParser: (oid: number) => (text: string | null) => readValue(oid, text),
} as CustomTypesConfig;

export function readValue(oid: number, text: string | null): Value {
  if (text === null) return null;
  if (oid === BOOL) return text === 't';
  if (oid === BYTEA) return { base64: Buffer.from(text.slice(2), 'hex').toString('base64') };
  if (INTEGERS.has(oid) || FLOATS.has(oid)) {
    const number = Number(text);
    const isExact = INTEGERS.has(oid) ? Number.isSafeInteger(number) : Number.isFinite(number);
    return isExact ? number : text;
  }
  return text;
}

/** PostgreSQL's code for a request to cancel, sent on a connection of its own. */
const CANCEL_CODE = 80_877_102;

function sendCancel(config: PostgresConfig, client: Client): void {
  const { processID, secretKey } = client as unknown as { processID?: number; secretKey?: number };
  if (typeof processID !== 'number' || typeof secretKey !== 'number') return;
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(CANCEL_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const { host, port } = config;
  const socket = host.startsWith('/')
    ? connect(`${host}/.s.PGSQL.${port}`)
    : connect({ host, port });
  socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('connect', () => socket.end(request));
  socket.unref();
}

/**
 * The server's sentence without its detail, hint and context, as those show other rows and other
 * columns. What is no answer of the server is told by its code.
 */
export function postgresFault(error: unknown): PowerboxError {
  if (PowerboxError.is(error)) return error;
  const state = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text = quote(error instanceof Error ? error.message : 'unknown');
  if (!/^[0-9A-Z]{5}$/.test(state)) {
    return new PowerboxError('power-failed', `The connection to PostgreSQL failed: ${text}.`);
  }
  if (state === '57014') {
    return new PowerboxError(
      'limit-exceeded',
      'PostgreSQL stopped the statement: it took too long.',
    );
  }
  if (state === '25006' || state === '42501') {
    return new PowerboxError('statement-refused', `PostgreSQL refused the statement: ${text}.`);
  }
  if (/^(21|22|23|42|0A|2F|54)/.test(state)) {
    return new PowerboxError(
      'statement-invalid',
      `PostgreSQL does not take the statement: ${text}.`,
    );
  }
  return new PowerboxError('power-failed', `PostgreSQL failed: ${text}.`, { cause: { state } });
}
