/** Providers of language models, by the names that customers know. */
import type { Catalogue, Key, ModelProvider, Provider } from '../api/types.ts';

const NAMES: Record<ModelProvider, string> = {
  platform: 'Included in the plan',
  anthropic: 'Anthropic',
  openai: 'OpenAI',
  google: 'Google',
  openrouter: 'OpenRouter',
};

export const KEY_PROVIDERS: readonly Provider[] = ['anthropic', 'openai', 'google', 'openrouter'];

export function providerName(provider: ModelProvider): string {
  return NAMES[provider] ?? provider;
}

/** A choice of model, while it is made. An empty `keyId` is none. */
export interface Choice {
  provider: ModelProvider;
  model: string;
  keyId: string;
}

interface Option {
  value: string;
  text: string;
}

export function modelOptions(
  catalogue: Catalogue,
  provider: ModelProvider,
  current: string,
): Option[] {
  const models = catalogue.find((it) => it.provider === provider)?.models ?? [];
  const options = models.map((it) => ({ value: it.id, text: it.name }));
  const known = current === '' || options.some((it) => it.value === current);
  return known ? options : [...options, { value: current, text: current }];
}

export function keyOptions(keys: readonly Key[], provider: ModelProvider): Option[] {
  const fitting = keys.filter((it) => it.provider === provider);
  return fitting.map((it) => ({ value: it.id, text: `${it.label} (…${it.last4})` }));
}

/** The choice after its provider changed: the first model and the first key of the new one. */
export function choiceOf(
  provider: ModelProvider,
  catalogue: Catalogue,
  keys: readonly Key[],
): Choice {
  return {
    provider,
    model: modelOptions(catalogue, provider, '')[0]?.value ?? '',
    keyId: keyOptions(keys, provider)[0]?.value ?? '',
  };
}

/** What keeps a choice from being sent. `null`: nothing. */
export function choiceFault(choice: Choice): string | null {
  if (choice.model === '') return 'Choose a model.';
  const needsKey = choice.provider !== 'platform' && choice.keyId === '';
  return needsKey ? `Add a key of ${providerName(choice.provider)} first.` : null;
}
