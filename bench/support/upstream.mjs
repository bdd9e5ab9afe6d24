// The upstream server where there is no nginx: upstream.mjs FOLDER PORT SECRET
import { createReadStream, readFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';

const [root, port, secret] = process.argv.slice(2);
const small = new Map(['/1k', '/1m'].map((path) => [path, readFileSync(join(root, path))]));
const tls = {
  cert: readFileSync(join(root, 'cert.pem')),
  key: readFileSync(join(root, 'key.pem')),
};

createSecureServer({ ...tls, allowHTTP1: true }, (request, response) => {
  request.resume();
  const body = small.get(request.url);
  if (body !== undefined) {
    response.writeHead(200, { 'content-length': body.length }).end(body);
  } else if (request.url === '/1g') {
    response.writeHead(200, { 'content-length': 2 ** 30 });
    createReadStream(join(root, '1g'), { highWaterMark: 1 << 18 }).pipe(response);
  } else if (request.url === '/authorized') {
    const good = request.headers.authorization === `Bearer ${secret}`;
    response.writeHead(good ? 200 : 401, { 'content-length': 2 }).end('ok');
  } else if (request.url.startsWith('/id/')) {
    response.end(`${request.url}\n`);
  } else {
    response.writeHead(404, { 'content-length': 0 }).end();
  }
}).listen(Number(port), '127.0.0.1', 1024);
