import type { Kit } from './kit.ts';
import { MODEL_RULES, MODEL_SECRETS } from './models.ts';

export const opencode: Kit = {
  name: 'opencode',
  summary: 'opencode',
  folders: [{ path: '.config/opencode', files: ['opencode.json', 'opencode.jsonc', 'AGENTS.md'] }],
  rules: MODEL_RULES,
  secrets: MODEL_SECRETS,
  variables: { GEMINI_API_KEY: ['GOOGLE_GENERATIVE_AI_API_KEY'] },
  env: {
    OPENCODE_DISABLE_AUTOUPDATE: '1',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  },
};
