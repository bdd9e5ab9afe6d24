import type { Kit } from './kit.ts';

const API = 'https://api.anthropic.com';

export const claude: Kit = {
  name: 'claude',
  summary: 'Claude Code',
  folders: [
    {
      path: '.claude',
      files: ['settings.json', 'keybindings.json', 'CLAUDE.md'],
      // It asks once whether it may use a key from the environment, and knows keys by their end.
      made: [
        {
          path: '.claude.json',
          secrets: ['ANTHROPIC_API_KEY'],
          content:
            '{"hasCompletedOnboarding":true,' +
            '"customApiKeyResponses":{"approved":["{placeholder:20}"],"rejected":[]}}\n',
        },
      ],
    },
  ],
  rules: [
    `POST ${API}/v1/messages`,
    `POST ${API}/v1/messages/count_tokens`,
    `GET ${API}/v1/models/**`,
    // Asked before the first screen; without an answer it does not go on.
    `GET ${API}/api/hello`,
  ],
  secrets: ['ANTHROPIC_API_KEY', 'CLAUDE_CODE_OAUTH_TOKEN', 'ANTHROPIC_AUTH_TOKEN'],
  variables: {},
  env: {
    CLAUDE_CONFIG_DIR: '/home/box/.claude',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_TELEMETRY: '1',
  },
};
