import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import type { LanguageModel } from 'ai';
import { createOllama } from 'ollama-ai-provider-v2';
import type { RunnerTask } from '../../wire/runner.ts';
import type { ModelFetch } from './model-fetch.ts';

/** Nothing of these reaches anybody: the power has the address, and the vault the key. */
const NOWHERE = 'http://model.invalid';
const NO_KEY = 'none';

/** The model as its provider's own library speaks with it. */
export function openLanguageModel(
  { provider, model }: Pick<RunnerTask, 'provider' | 'model'>,
  { fetch }: Pick<ModelFetch, 'fetch'>,
): LanguageModel {
  const options = { baseURL: NOWHERE, apiKey: NO_KEY, fetch };
  if (provider === 'anthropic') return createAnthropic(options)(model);
  if (provider === 'openai') return createOpenAI(options).chat(model);
  return createOllama({ baseURL: `${NOWHERE}/api`, fetch })(model) as LanguageModel;
}
