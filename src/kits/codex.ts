import type { Kit } from './kit.ts';

const API = 'https://api.openai.com/v1';

export const codex: Kit = {
  name: 'codex',
  summary: 'Codex CLI',
  folders: [
    {
      path: '.codex',
      files: ['config.toml', 'AGENTS.md'],
      // `codex exec` reads CODEX_API_KEY; the full-screen program reads this file only.
      made: [
        {
          path: 'auth.json',
          secrets: ['CODEX_API_KEY', 'OPENAI_API_KEY'],
          content: '{"OPENAI_API_KEY":"{placeholder}"}\n',
        },
      ],
    },
  ],
  rules: [
    // GET opens the WebSocket that it tries before it falls back on POST.
    `GET,POST ${API}/responses`,
    `POST ${API}/responses/compact`,
    `GET ${API}/models/**`,
  ],
  secrets: ['CODEX_API_KEY', 'OPENAI_API_KEY'],
  // It ignores OPENAI_API_KEY in its environment.
  variables: { OPENAI_API_KEY: ['CODEX_API_KEY'] },
  env: {},
};
