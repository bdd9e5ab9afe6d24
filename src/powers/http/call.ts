/** One request in canonical form; its bytes go on the wire. */
export interface HttpCall {
  readonly scheme: 'http' | 'https';
  /** Lower-case A-label name, or an IP address in canonical text without brackets. */
  readonly host: string;
  readonly port: number;
  /** Upper-case. */
  readonly method: string;
  /** Canonical path, begins with `/`, no query. */
  readonly path: string;
  /** Canonical query without `?`; empty when there is none. */
  readonly query: string;
  /**
   * End-to-end headers as pairs, names lower-case, in the order of the request. Left out where
   * nobody looked at them: what has a rule about headers then refuses.
   */
  readonly headers?: readonly HttpHeader[];
  /** Left out when it was not read, null when the request has none. */
  readonly body?: HttpBody | null;
  /** The request wants to become a WebSocket, whose messages no rule about bodies can see. */
  readonly websocket?: boolean;
  /** One message that is sent over the WebSocket; left out of the request that begins it. */
  readonly message?: HttpMessage;
  /** Reads on in the answer of a call that was permitted; changes nothing. */
  readonly reads?: boolean;
}

export type HttpHeader = readonly [name: string, value: string];

/** What is sent over a WebSocket at a time, its fragments put together. Never changed. */
export interface HttpMessage {
  /** False for a binary message. */
  readonly text: boolean;
  readonly bytes: Uint8Array;
}

/** A body that was read whole: the very bytes that are sent. Never changed. */
export interface HttpBody {
  readonly bytes: Uint8Array;
}
