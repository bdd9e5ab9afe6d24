import type { ServerResponse } from 'node:http';
import type { BoxState } from './box-egress.ts';
import type { Target } from './target.ts';

/** The name at which a box can ask what it was given. */
const GUIDE_HOST = 'powerbox.internal';

export function isGuide(target: Target): boolean {
  return target.host.host === GUIDE_HOST;
}

/** What this box may do and how to ask for more, for a program or a model to read. */
export function guide(box: BoxState, method: string, response: ServerResponse): void {
  box.recorder.note({
    kind: 'request',
    box: box.config.box,
    method,
    url: `http://${GUIDE_HOST}/`,
    verdict: 'allow',
    rule: GUIDE_HOST,
    secrets: [],
  });
  const body = `${JSON.stringify({
    box: box.config.box,
    allowed: box.link.grants.all().map((grant) => grant.text),
    secrets: box.secrets.all.map((secret) => ({
      name: secret.name,
      origins: secret.bindings.map((binding) => binding.origin),
    })),
    ask: 'Tell the person who started this box which rule you need: powerbox run --allow RULE …',
  })}\n`;
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
