export const PROVIDERS = ['openai', 'anthropic', 'ollama'] as const;

/** Whose dialect is spoken; many services speak the first. */
export type Provider = (typeof PROVIDERS)[number];

/** What a model costs, in millionths of a US dollar for a million tokens. */
export interface Price {
  /** A name, or the beginning of names with `*` at its end. */
  readonly model: string;
  readonly input: number;
  readonly output: number;
}

export interface ModelConfig {
  readonly provider: Provider;
  /** Scheme, host and port; http only to this machine itself when there is a credential. */
  readonly origin: string;
  /** Path before the provider's own, as `/v1`; empty for none. */
  readonly base: string;
  /** Name of the secret that is the key. */
  readonly credential: string | null;
  readonly prices: readonly Price[];
  /**
   * What requests may make use of beyond plain chat and the caller's own tools: fields of the
   * body (`service_tier`), parts of messages (`part:image`), tools of the provider
   * (`tool:web_search_20250305`). Patterns with `*`.
   */
  readonly extras: readonly string[];
}

/** Where each provider takes a chat, below the base. */
export const CHAT_PATHS: Readonly<Record<Provider, string>> = {
  openai: '/chat/completions',
  anthropic: '/messages',
  ollama: '/chat',
};

/** Where each provider is when nobody says. */
export const USUAL_URLS: Readonly<Record<Provider, string>> = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com/v1',
  ollama: 'http://127.0.0.1:11434/api',
};
