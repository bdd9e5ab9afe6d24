import type { Kit } from './kit.ts';
import { MODEL_RULES, MODEL_SECRETS } from './models.ts';

export const pi: Kit = {
  name: 'pi',
  summary: 'pi coding agent',
  folders: [{ path: '.pi/agent', files: ['settings.json', 'keybindings.json', 'AGENTS.md'] }],
  rules: MODEL_RULES,
  secrets: MODEL_SECRETS,
  variables: {},
  env: {
    PI_SKIP_VERSION_CHECK: '1',
    PI_TELEMETRY: '0',
  },
};
