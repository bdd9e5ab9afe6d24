// The proxy of @anthropic-ai/sandbox-runtime, started by its library as its README says: TLS ended,
// one masked variable that goes to one host, and a request filter. What a program in its box is
// given (the sentinel, the proxy's name and password, the authorities to trust) is asked of a
// program in its box; then the load comes from outside, without the way through socat that its
// boxes on Linux have, which is to srt's advantage.
//
//   srt.mjs PACKAGE_FOLDER HOST:PORT ADDRESS:PORT VARIABLE
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';

const [home, place, address, variable] = process.argv.slice(2);
const { SandboxManager } = await import(pathToFileURL(`${home}/dist/index.js`).href);
const name = place.split(':')[0];

await SandboxManager.initialize({
  network: {
    // A name may lead to this machine where its address is allowed too.
    allowedDomains: [place, address],
    deniedDomains: [],
    strictAllowlist: true,
    tlsTerminate: {},
    async filterRequest(request) {
      const { hostname, pathname } = new URL(request.url);
      const allowed = hostname === name && request.method === 'GET' && /^\/[^/]+$/.test(pathname);
      return allowed ? { action: 'allow' } : { action: 'deny', reason: 'no rule allows it' };
    },
  },
  filesystem: { denyRead: [], allowWrite: [], denyWrite: [] },
  credentials: {
    envVars: [{ name: variable, mode: 'mask', injectHosts: [name] }],
    files: [],
  },
});
const script = `echo "$${variable}"; echo "$HTTPS_PROXY"; cat "$SSL_CERT_FILE"`;
const wrapped = await SandboxManager.wrapWithSandbox(script);
const [token, url, ...ca] = execFileSync('sh', ['-c', wrapped], { encoding: 'utf8' }).split('\n');
const { username, password } = new URL(url);
const proxy = `${decodeURIComponent(username)}:${decodeURIComponent(password)}@${SandboxManager.getProxyPort()}`;
process.stdout.write(`${JSON.stringify({ proxy, token, ca: ca.join('\n') })}\n`);
process.stdin.resume().on('end', async () => {
  await SandboxManager.reset();
  process.exit(0);
});
