import { codex } from './codex.ts';
import { gemini } from './gemini.ts';

/** Rules for the model endpoints of programs that work with several providers. */
export const MODEL_RULES: readonly string[] = [
  'POST https://api.anthropic.com/v1/messages',
  'POST https://api.openai.com/v1/chat/completions',
  ...codex.rules,
  ...gemini.rules,
];

/** Keys of those providers. */
export const MODEL_SECRETS: readonly string[] = [
  'ANTHROPIC_API_KEY',
  'OPENAI_API_KEY',
  'GEMINI_API_KEY',
];
