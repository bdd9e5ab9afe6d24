/** One end of a connection that carries whole messages as text, of whatever kind it is. */
export interface WireEnd {
  send(text: string): void;
  /** Bytes that were sent and that the peer has not taken. */
  unsent(): number;
  /** Stops and goes on reading; what was read already is still delivered. */
  pause(): void;
  resume(): void;
  /** Sends what waits, then closes. May be called again. */
  close(): void;
  /** Closes at once; what waits is lost. */
  destroy(): void;
}

/** What a connection tells the session that runs on it. */
export interface WireEvents {
  message(text: string): void;
  /** The peer sent what no message can be; nothing more of it is read. */
  failed(error: Error): void;
  /** Bytes that waited were taken. */
  drain(): void;
  /** The connection is over. Called once. */
  closed(): void;
}
