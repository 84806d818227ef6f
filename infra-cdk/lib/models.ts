/** Which models a stage offers, and where their providers answer. */
import { z } from 'zod';

/** Who lets customers bring keys of their own; `ModelProvider` in `shared/domain/src/model.rs`. */
const Provider = z.enum(['anthropic', 'openai', 'google', 'openrouter']);

const Address = z.url({ protocol: /^https?$/ }).refine((it) => !it.endsWith('/'), {
  error: 'must not end with a slash',
});

/** As each provider's own libraries want it: only Anthropic's is without the version. */
export const ProviderUrls = z.record(Provider, Address);

const Offer = z.strictObject({
  /** The provider's own name; `ModelId` in `shared/domain/src/model.rs`. */
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/:@+~-]{0,99}$/),
  name: z.string().min(1),
});

/** What customers are offered for choice. They may name other models of these providers too. */
export const Catalogue = z.record(Provider, z.array(Offer).min(1));

interface Models {
  readonly model: { readonly id: string };
  readonly models: z.infer<typeof Catalogue>;
}

/** As `shared/contracts/src/models.rs` reads it: the platform's own model first. */
export const catalogueEnv = ({ model, models }: Models) =>
  JSON.stringify([
    { provider: 'platform', models: [{ id: model.id, name: 'Chosen by us' }] },
    ...Object.entries(models).map(([provider, offers]) => ({ provider, models: offers })),
  ]);
