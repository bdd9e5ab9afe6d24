import { codeTarget } from './code.ts';
import { dnsTarget } from './dns.ts';
import { filesTarget } from './files.ts';
import { graphqlTarget } from './graphql.ts';
import { hostsTarget } from './hosts.ts';
import { http1Target } from './http1.ts';
import { http2Target } from './http2.ts';
import { jsonTarget } from './json.ts';
import { modelTarget } from './model.ts';
import { onlyWordsTarget } from './only-words.ts';
import { pathTarget } from './path.ts';
import { policyTarget } from './policy.ts';
import { ruleTarget } from './rule.ts';
import { scrubTarget } from './scrub.ts';
import { sourceTarget } from './source.ts';
import { sqlTarget } from './sql.ts';
import type { FuzzTarget } from './target.ts';
import { tlsHelloTarget } from './tls-hello.ts';
import { websocketTarget } from './websocket.ts';

/** Every target, each in a file of its own beside this one. */
export const TARGETS: readonly FuzzTarget[] = [
  pathTarget,
  jsonTarget,
  graphqlTarget,
  ruleTarget,
  filesTarget,
  sqlTarget,
  onlyWordsTarget,
  modelTarget,
  http1Target,
  http2Target,
  tlsHelloTarget,
  websocketTarget,
  scrubTarget,
  hostsTarget,
  dnsTarget,
  policyTarget,
  codeTarget,
  sourceTarget,
];
