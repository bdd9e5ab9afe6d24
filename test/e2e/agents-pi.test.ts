import { describe } from 'vitest';
import { agentTests } from '../support/agent-tests.ts';

describe('pi', () => {
  agentTests({
    name: 'pi',
    command: ['pi', '--provider', 'anthropic', '-p', 'Run the command.'],
    secret: 'ANTHROPIC_API_KEY',
    variable: 'ANTHROPIC_API_KEY',
    keyPrefix: 'sk-ant-api03-',
    origin: 'https://api.anthropic.com',
    slot: ['x-api-key', ''],
    flags: ['--secret=ANTHROPIC_API_KEY'],
    alsoAsks: [],
  });
});
