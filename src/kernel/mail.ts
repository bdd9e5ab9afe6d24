import type { Mail } from '../store/kernel-store.ts';

/** Mail between principals, with the verbs of Endo. */
export interface Mailroom {
  /** Asks somebody (the host, when left out) for a power. Throws `mail-invalid`, `mail-full`. */
  request(from: string, ask: RequestAsk): Mail;
  /** Newest first. */
  inbox(holder: string): readonly Mail[];
  /** What the holder sent, newest first. */
  sent(holder: string): readonly Mail[];
  /** One that `holder` sent or was sent. Throws `mail-unknown`. */
  read(holder: string, id: string): Mail;
  /**
   * Answers a request with a grant that was made for it: `grant` must be from the holder of the
   * mail to its sender. Throws `mail-decided` when it was answered before.
   */
  resolve(holder: string, id: string, grant: string): Mail;
  reject(holder: string, id: string, reason: string): Mail;
  dismiss(holder: string, id: string): Mail;
  /** Sends words, and grants that were made for the receiver. */
  send(
    from: string,
    to: string,
    text: string,
    enclosed: Mail['enclosed'],
    replyTo?: string | null,
  ): Mail;
  /** Takes an enclosed grant under a name of one's own. Returns the path. */
  adopt(holder: string, id: string, enclosed: string, path: string): string;
  /** Resolves when the request has been answered; rejects when the signal ends. */
  answered(id: string, signal: AbortSignal): Promise<Mail>;
  /** Calls back for each new mail to a principal. */
  onMail(listener: (mail: Mail) => void): void;
}

export interface RequestAsk {
  readonly to?: string;
  readonly kind: string;
  /** What for, in the asker's words. */
  readonly text: string;
  /** The power that is meant, as a person writes it, for example a rule of http. */
  readonly power?: string | null;
  readonly only?: readonly string[];
}
