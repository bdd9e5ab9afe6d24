import { describe } from 'vitest';
import { agentTests } from '../support/agent-tests.ts';

describe('Codex CLI', () => {
  agentTests({
    name: 'codex',
    command: [
      'codex',
      'exec',
      '--skip-git-repo-check',
      // The box is the wall.
      '--dangerously-bypass-approvals-and-sandbox',
      'Run the command.',
    ],
    secret: 'OPENAI_API_KEY',
    variable: 'CODEX_API_KEY',
    keyPrefix: 'sk-proj-',
    origin: 'https://api.openai.com',
    slot: ['authorization', 'Bearer '],
    flags: [],
    alsoAsks: ['chatgpt.com'],
  });
});
