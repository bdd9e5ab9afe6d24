import { type Binding, parseOrigin } from './slot.ts';
import { parseSlot } from './slot-text.ts';

/** A service whose key has a usual variable name, and where it takes that key. */
export interface KnownService {
  readonly variable: string;
  readonly bindings: readonly Binding[];
  /** What its values begin with; placeholders keep these, since clients check them. */
  readonly prefixes: readonly string[];
}

/** Origin, then the slots that are open there. */
type Place = readonly [origin: string, ...slots: string[]];

interface Row {
  readonly variables: readonly string[];
  readonly places: readonly Place[];
  readonly prefixes?: readonly string[];
}

const BEARER = 'header:authorization:bearer';
const BASIC = 'header:authorization:basic-password';
const WHOLE = 'header:authorization';

/**
 * Only services whose slot can be said exactly. Left out: those whose address itself is the secret
 * (Slack's webhooks), that sign requests (AWS), or whose host differs by account (Azure, Pinecone,
 * Twilio regions).
 */
const ROWS: readonly Row[] = [
  // Language models.
  {
    variables: ['OPENAI_API_KEY', 'CODEX_API_KEY'],
    places: [['api.openai.com', BEARER]],
    prefixes: ['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'sk-'],
  },
  {
    variables: ['ANTHROPIC_API_KEY'],
    places: [['api.anthropic.com', 'header:x-api-key']],
    prefixes: ['sk-ant-api03-', 'sk-ant-admin01-', 'sk-ant-'],
  },
  {
    variables: ['ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'],
    places: [['api.anthropic.com', BEARER]],
    prefixes: ['sk-ant-oat01-', 'sk-ant-'],
  },
  {
    variables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
    places: [['generativelanguage.googleapis.com', 'header:x-goog-api-key', 'query:key']],
    prefixes: ['AIza'],
  },
  { variables: ['MISTRAL_API_KEY'], places: [['api.mistral.ai', BEARER]] },
  { variables: ['GROQ_API_KEY'], places: [['api.groq.com', BEARER]], prefixes: ['gsk_'] },
  {
    variables: ['OPENROUTER_API_KEY'],
    places: [['openrouter.ai', BEARER]],
    prefixes: ['sk-or-v1-'],
  },
  {
    variables: ['TOGETHER_API_KEY'],
    places: [
      ['api.together.xyz', BEARER],
      ['api.together.ai', BEARER],
    ],
  },
  { variables: ['FIREWORKS_API_KEY'], places: [['api.fireworks.ai', BEARER]], prefixes: ['fw_'] },
  { variables: ['DEEPSEEK_API_KEY'], places: [['api.deepseek.com', BEARER]], prefixes: ['sk-'] },
  { variables: ['XAI_API_KEY'], places: [['api.x.ai', BEARER]], prefixes: ['xai-'] },
  {
    variables: ['COHERE_API_KEY', 'CO_API_KEY'],
    places: [
      ['api.cohere.com', BEARER],
      ['api.cohere.ai', BEARER],
    ],
  },
  {
    variables: ['PERPLEXITY_API_KEY'],
    places: [['api.perplexity.ai', BEARER]],
    prefixes: ['pplx-'],
  },
  { variables: ['CEREBRAS_API_KEY'], places: [['api.cerebras.ai', BEARER]], prefixes: ['csk-'] },
  {
    variables: ['NVIDIA_API_KEY'],
    places: [['integrate.api.nvidia.com', BEARER]],
    prefixes: ['nvapi-'],
  },
  { variables: ['MOONSHOT_API_KEY'], places: [['api.moonshot.ai', BEARER]], prefixes: ['sk-'] },
  { variables: ['VOYAGE_API_KEY'], places: [['api.voyageai.com', BEARER]], prefixes: ['pa-'] },
  {
    variables: ['REPLICATE_API_TOKEN'],
    places: [['api.replicate.com', BEARER]],
    prefixes: ['r8_'],
  },
  {
    variables: ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN'],
    places: [
      ['huggingface.co', BEARER, BASIC],
      ['router.huggingface.co', BEARER],
    ],
    prefixes: ['hf_'],
  },
  {
    variables: ['ELEVENLABS_API_KEY'],
    places: [['api.elevenlabs.io', 'header:xi-api-key']],
    prefixes: ['sk_'],
  },
  { variables: ['ASSEMBLYAI_API_KEY'], places: [['api.assemblyai.com', WHOLE]] },
  {
    variables: ['DEEPGRAM_API_KEY'],
    places: [['api.deepgram.com', 'header:authorization:Token {}']],
  },
  {
    variables: ['DEEPL_API_KEY', 'DEEPL_AUTH_KEY'],
    places: [
      ['api.deepl.com', 'header:authorization:DeepL-Auth-Key {}'],
      ['api-free.deepl.com', 'header:authorization:DeepL-Auth-Key {}'],
    ],
  },
  {
    variables: ['FAL_KEY'],
    places: [
      ['fal.run', 'header:authorization:Key {}'],
      ['queue.fal.run', 'header:authorization:Key {}'],
    ],
  },
  {
    variables: ['LANGSMITH_API_KEY', 'LANGCHAIN_API_KEY'],
    places: [['api.smith.langchain.com', 'header:x-api-key']],
    prefixes: ['lsv2_pt_', 'lsv2_sk_'],
  },
  // Searching and reading the web.
  { variables: ['TAVILY_API_KEY'], places: [['api.tavily.com', BEARER]], prefixes: ['tvly-'] },
  { variables: ['EXA_API_KEY'], places: [['api.exa.ai', 'header:x-api-key', BEARER]] },
  {
    variables: ['BRAVE_API_KEY', 'BRAVE_SEARCH_API_KEY'],
    places: [['api.search.brave.com', 'header:x-subscription-token']],
  },
  { variables: ['SERPER_API_KEY'], places: [['google.serper.dev', 'header:x-api-key']] },
  { variables: ['SERPAPI_API_KEY'], places: [['serpapi.com', 'query:api_key']] },
  {
    variables: ['FIRECRAWL_API_KEY'],
    places: [['api.firecrawl.dev', BEARER]],
    prefixes: ['fc-'],
  },
  {
    variables: ['JINA_API_KEY'],
    places: [
      ['api.jina.ai', BEARER],
      ['r.jina.ai', BEARER],
      ['s.jina.ai', BEARER],
    ],
    prefixes: ['jina_'],
  },
  // Code and packages.
  {
    variables: ['GITHUB_TOKEN', 'GH_TOKEN', 'GITHUB_PERSONAL_ACCESS_TOKEN'],
    places: [
      ['api.github.com', BEARER],
      ['uploads.github.com', BEARER],
      ['github.com', BASIC],
    ],
    prefixes: ['github_pat_', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
  },
  {
    variables: ['GITLAB_TOKEN', 'GITLAB_PERSONAL_ACCESS_TOKEN'],
    places: [['gitlab.com', 'header:private-token', BEARER, BASIC]],
    prefixes: ['glpat-'],
  },
  { variables: ['NPM_TOKEN'], places: [['registry.npmjs.org', BEARER]], prefixes: ['npm_'] },
  {
    variables: ['PYPI_TOKEN', 'PYPI_API_TOKEN', 'UV_PUBLISH_TOKEN'],
    places: [['upload.pypi.org', BASIC]],
    prefixes: ['pypi-'],
  },
  { variables: ['SNYK_TOKEN'], places: [['api.snyk.io', 'header:authorization:token {}']] },
  { variables: ['CIRCLECI_TOKEN'], places: [['circleci.com', 'header:circle-token']] },
  {
    variables: ['SENTRY_AUTH_TOKEN'],
    places: [['sentry.io', BEARER]],
    prefixes: ['sntrys_', 'sntryu_'],
  },
  // Places where programs run.
  { variables: ['CLOUDFLARE_API_TOKEN'], places: [['api.cloudflare.com', BEARER]] },
  {
    variables: ['DIGITALOCEAN_ACCESS_TOKEN', 'DIGITALOCEAN_TOKEN'],
    places: [['api.digitalocean.com', BEARER]],
    prefixes: ['dop_v1_', 'doo_v1_'],
  },
  { variables: ['VERCEL_TOKEN'], places: [['api.vercel.com', BEARER]] },
  {
    variables: ['NETLIFY_AUTH_TOKEN'],
    places: [['api.netlify.com', BEARER]],
    prefixes: ['nfp_'],
  },
  { variables: ['HEROKU_API_KEY'], places: [['api.heroku.com', BEARER]], prefixes: ['HRKU-'] },
  { variables: ['RENDER_API_KEY'], places: [['api.render.com', BEARER]], prefixes: ['rnd_'] },
  { variables: ['HCLOUD_TOKEN'], places: [['api.hetzner.cloud', BEARER]] },
  { variables: ['LINODE_TOKEN'], places: [['api.linode.com', BEARER]] },
  {
    variables: ['SUPABASE_ACCESS_TOKEN'],
    places: [['api.supabase.com', BEARER]],
    prefixes: ['sbp_'],
  },
  {
    variables: ['DD_API_KEY', 'DATADOG_API_KEY'],
    places: [['api.datadoghq.com', 'header:dd-api-key']],
  },
  {
    variables: ['DD_APP_KEY', 'DATADOG_APP_KEY'],
    places: [['api.datadoghq.com', 'header:dd-application-key']],
  },
  // Work and messages.
  {
    variables: ['STRIPE_API_KEY', 'STRIPE_SECRET_KEY'],
    places: [['api.stripe.com', BEARER]],
    prefixes: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
  },
  // The path is the grant's to name: https://api.telegram.org/bot{token}/**.
  {
    variables: ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_TOKEN'],
    places: [['api.telegram.org', 'path:{token}']],
  },
  {
    variables: ['DISCORD_BOT_TOKEN', 'DISCORD_TOKEN'],
    places: [
      ['discord.com', 'header:authorization:Bot {}'],
      ['gateway.discord.gg', 'websocket:json:/d/token'],
    ],
  },
  { variables: ['PUSHOVER_TOKEN'], places: [['api.pushover.net', 'form:token']] },
  {
    variables: ['PAGERDUTY_API_KEY', 'PAGERDUTY_TOKEN'],
    places: [['api.pagerduty.com', 'header:authorization:Token token={}']],
  },
  {
    variables: ['OPSGENIE_API_KEY'],
    places: [['api.opsgenie.com', 'header:authorization:GenieKey {}']],
  },
  { variables: ['SLACK_BOT_TOKEN'], places: [['slack.com', BEARER]], prefixes: ['xoxb-'] },
  { variables: ['SLACK_USER_TOKEN'], places: [['slack.com', BEARER]], prefixes: ['xoxp-'] },
  { variables: ['SLACK_APP_TOKEN'], places: [['slack.com', BEARER]], prefixes: ['xapp-'] },
  {
    variables: ['NOTION_TOKEN', 'NOTION_API_KEY'],
    places: [['api.notion.com', BEARER]],
    prefixes: ['ntn_', 'secret_'],
  },
  { variables: ['LINEAR_API_KEY'], places: [['api.linear.app', WHOLE]], prefixes: ['lin_api_'] },
  { variables: ['AIRTABLE_API_KEY'], places: [['api.airtable.com', BEARER]] },
  {
    variables: ['FIGMA_TOKEN'],
    places: [['api.figma.com', 'header:x-figma-token']],
    prefixes: ['figd_'],
  },
  { variables: ['ASANA_ACCESS_TOKEN'], places: [['app.asana.com', BEARER]] },
  { variables: ['SENDGRID_API_KEY'], places: [['api.sendgrid.com', BEARER]], prefixes: ['SG.'] },
  { variables: ['RESEND_API_KEY'], places: [['api.resend.com', BEARER]], prefixes: ['re_'] },
  {
    variables: ['POSTMARK_SERVER_TOKEN'],
    places: [['api.postmarkapp.com', 'header:x-postmark-server-token']],
  },
];

/** Variable names of every known service, in order. */
export function knownVariables(): readonly string[] {
  return ROWS.flatMap(({ variables }) => variables).sort();
}

/** The service whose key is usually in this variable. */
export function knownService(variable: string): KnownService | undefined {
  const row = ROWS.find(({ variables }) => variables.includes(variable));
  if (row === undefined) return undefined;
  return {
    variable,
    bindings: row.places.map(([origin, ...slots]) => ({
      origin: parseOrigin(origin),
      slots: slots.map(parseSlot),
    })),
    prefixes: row.prefixes ?? [],
  };
}

/** Every prefix of the table, for values whose variable has another name. */
export function knownPrefixes(): readonly string[] {
  return [...new Set(ROWS.flatMap(({ prefixes }) => prefixes ?? []))];
}
