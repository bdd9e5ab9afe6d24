import type { Kit } from './kit.ts';

const MODELS = 'https://generativelanguage.googleapis.com/v1beta/models';

export const gemini: Kit = {
  name: 'gemini',
  summary: 'Gemini CLI',
  folders: [{ path: '.gemini', files: ['settings.json', 'GEMINI.md'] }],
  rules: [
    `POST ${MODELS}/*:generateContent`,
    `POST ${MODELS}/*:streamGenerateContent`,
    `POST ${MODELS}/*:countTokens`,
    `POST ${MODELS}/*:embedContent`,
    `POST ${MODELS}/*:batchEmbedContents`,
    `GET ${MODELS}/**`,
  ],
  secrets: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  variables: { GOOGLE_API_KEY: ['GEMINI_API_KEY'] },
  env: {
    GEMINI_DEFAULT_AUTH_TYPE: 'gemini-api-key',
    GEMINI_TELEMETRY_ENABLED: 'false',
  },
};
