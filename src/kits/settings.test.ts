import { describe, expect, it } from 'vitest';
import { holdsCredential } from './settings.ts';

describe('holdsCredential', () => {
  it.each([
    '{"mcpServers":{"a":{"env":{"GITHUB_TOKEN":"0123456789abcdef"}}}}',
    '[mcp_servers.a.env]\nAPI_KEY = "0123456789abcdef"',
    'http_headers = { "Authorization" = "Basic0123456789" }',
    '{"args":["--key","sk-ant-api03-0123456789abcdef"]}',
    '{"url":"https://me:hunter22@host.example/"}',
    '{"headers":["Bearer 0123456789abcdef"]}',
    'password: correct-horse-battery',
  ])('finds one in %s', (text) => {
    expect(holdsCredential(text)).toBe(true);
  });

  it.each([
    'model = "gpt-6"\napproval_policy = "never"\n[tui]\ntheme = "dark"',
    '{"env":{"TOKEN":"$GITHUB_TOKEN"},"bearer_token_env_var":"GITHUB_TOKEN"}',
    '{"allow":["Bash(npm test)"],"maxTokens":100000}',
    '# Notes\nNever write a password: ask.',
  ])('finds none in %s', (text) => {
    expect(holdsCredential(text)).toBe(false);
  });
});
