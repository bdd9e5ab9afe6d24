import { describe } from 'vitest';
import { agentTests } from '../support/agent-tests.ts';

describe('Gemini CLI', () => {
  agentTests({
    name: 'gemini',
    command: ['gemini', '--yolo', '--skip-trust', '-p', 'Run the command.'],
    secret: 'GEMINI_API_KEY',
    variable: 'GEMINI_API_KEY',
    keyPrefix: 'AIza',
    origin: 'https://generativelanguage.googleapis.com',
    slot: ['x-goog-api-key', ''],
    flags: ['--secret=GEMINI_API_KEY'],
    alsoAsks: ['play.googleapis.com'],
  });
});
