import { readNewPower, rootOf } from '../../gateway/power-words.ts';
import { HOST, type Kernel } from '../../kernel/kernel.ts';
import {
  type ModelConfig,
  PROVIDERS,
  type Provider,
  USUAL_URLS,
} from '../../powers/model/config.ts';
import type { Home } from '../../store/home.ts';
import { listSecrets } from '../../vault/store.ts';
import { PowerboxError } from '../../wire/errors.ts';

/** A model as a person names it: `openai/gpt-5`. */
export interface NamedModel {
  readonly provider: Provider;
  readonly model: string;
}

/** Letters that no rule reads as a pattern or a list. Throws `model-unknown`. */
export function readModelName(text: string): NamedModel {
  const [, name = '', model = ''] = /^([a-z]+)\/([A-Za-z0-9._:@/+-]{1,200})$/.exec(text) ?? [];
  const provider = PROVIDERS.find((one) => one === name);
  if (provider !== undefined) return { provider, model };
  const isKnown = PROVIDERS.some((one) => text.startsWith(`${one}/`));
  const why = isKnown
    ? 'what follows its provider is no name of a model'
    : `its provider is none of ${PROVIDERS.join(', ')}`;
  throw new PowerboxError(
    'model-unknown',
    `Cannot use the model ${JSON.stringify(text.slice(0, 64))}: ${why}.`,
  );
}

const KEYS: Readonly<Record<Provider, string | null>> = {
  openai: 'OPENAI_API_KEY',
  anthropic: 'ANTHROPIC_API_KEY',
  ollama: null,
};

/**
 * The host's grant of a power that reaches this provider: the one that is named, else the only one
 * there is, else one made with the usual key in the vault. Throws `power-unknown` with what to do.
 */
export async function modelPowerOf(
  kernel: Kernel,
  home: Home,
  provider: Provider,
  petname: string | undefined,
): Promise<string> {
  if (petname !== undefined) return namedPower(kernel, provider, petname);
  const found = kernel
    .grants({ to: HOST })
    .filter(
      ({ grant, power, valid }) =>
        grant.parent === null && valid.allow && isModelOf(power, provider),
    );
  const usual = found.filter(({ power }) => isUsual(power.config as ModelConfig));
  const [only, second] = usual.length > 0 ? usual : found;
  if (only !== undefined && second === undefined) return only.grant.id;
  if (only !== undefined) {
    throw new PowerboxError(
      'power-unknown',
      `Cannot choose among ${found.length} powers for models of ${provider}.`,
      { hint: 'Name one with --model-power.' },
    );
  }
  return makePower(kernel, home, provider);
}

function namedPower(kernel: Kernel, provider: Provider, petname: string): string {
  const id = kernel.names.lookup(HOST, petname);
  if (isModelOf(kernel.view(id).power, provider)) return id;
  throw new PowerboxError(
    'power-unknown',
    `Cannot use ${JSON.stringify(petname.slice(0, 64))}: it is no power for models of ${provider}.`,
    { hint: 'Run `powerbox power ls`.' },
  );
}

async function makePower(kernel: Kernel, home: Home, provider: Provider): Promise<string> {
  const key = KEYS[provider];
  if (key !== null && !listSecrets(home).some(({ name }) => name === key)) {
    throw new PowerboxError(
      'power-unknown',
      `Cannot reach models of ${provider}: there is no power for them, and no secret ${key}.`,
      { hint: `Run \`powerbox secret set ${key}\`, or \`powerbox power add model:${provider}\`.` },
    );
  }
  const words = key === null ? `model:${provider}` : `model:${provider} credential=${key}`;
  const wanted = await readNewPower(kernel, words);
  return kernel.together(() => {
    const { grant } = rootOf(kernel, wanted, 'for agents');
    if (kernel.names.pathsOf(HOST, grant.id).length === 0) {
      kernel.names.write(HOST, kernel.names.freeName(HOST, provider), grant.id);
    }
    return grant.id;
  });
}

function isModelOf(
  { kind, config }: { readonly kind: string; readonly config: unknown },
  provider: Provider,
): boolean {
  return kind === 'model' && (config as ModelConfig).provider === provider;
}

function isUsual({ provider, origin, base }: ModelConfig): boolean {
  return `${origin}${base}` === USUAL_URLS[provider];
}
