// The least that a proxy can do: a CONNECT tunnel that looks at nothing. Prints its port.
import { createServer } from 'node:http';
import { connect } from 'node:net';

const server = createServer((_, response) => response.writeHead(405).end());
server.on('connect', (request, client, head) => {
  const at = request.url.lastIndexOf(':');
  const upstream = connect({
    host: request.url.slice(0, at),
    port: Number(request.url.slice(at + 1)),
  });
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  client.setNoDelay(true).on('error', end).on('close', end);
  upstream.setNoDelay(true).on('error', end).on('close', end);
  upstream.once('connect', () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n');
    if (head.length > 0) upstream.write(head);
    client.pipe(upstream);
    upstream.pipe(client);
  });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`${JSON.stringify({ proxy: `${server.address().port}` })}\n`),
);
process.stdin.resume().on('end', () => process.exit(0));
