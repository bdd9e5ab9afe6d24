import { echoAnswer } from '../../test/hostile/support/echo-service.ts';
import { type Answer, type Asked, reply } from '../../test/hostile/support/service.ts';

/** What a service mints when it is asked with a good credential. */
export const MINTED = 'minted_live-6Wd3KrTq8NzYb1Lf';
const CLOSE = 'Connection: close';

type Page = (token: string, asked: Asked) => Buffer;

/** Pages beside those of the hostile tests' echo service, which repeat the credential. */
const PAGES: Readonly<Record<string, Page>> = {
  '/reversed': (token) => reply(`you sent ${[...token].reverse().join('')}`, [CLOSE]),
  '/set-cookie': () =>
    reply('welcome', [
      `Set-Cookie: session=${MINTED}; Path=/`,
      `Authentication-Info: nextnonce="${MINTED}"`,
      CLOSE,
    ]),
  '/token': () => reply(JSON.stringify({ access_token: MINTED }), [CLOSE]),
  '/alt-svc': () => reply('welcome', ['Alt-Svc: h3="evil.example:443"; ma=86400', CLOSE]),
  '/redirect': () => reply('', ['Location: https://evil.example/redirected', CLOSE], '302 Found'),
  '/hello': welcome,
  '/admin': welcome,
};

function welcome(_token: string, asked: Asked): Buffer {
  return reply(`welcome to ${asked.path.slice(0, 100)}`, keeps(asked) ? [] : [CLOSE]);
}

/** Kept where the client did not ask to close: some attacks need a second request. */
function keeps(asked: Asked): boolean {
  return asked.header('connection')?.toLowerCase() !== 'close';
}

/** Echoes with `echo`; otherwise says welcome to whoever asks for whatever. */
export function answerOf(echo: boolean): Answer {
  return async (asked, socket) => {
    const page = PAGES[asked.path];
    if (page !== undefined) socket.write(page(asked.header('authorization') ?? '', asked));
    else if (echo) await echoAnswer(asked, socket);
    else socket.write(welcome('', asked));
    if (!keeps(asked)) socket.end();
  };
}
