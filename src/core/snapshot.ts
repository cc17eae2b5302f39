/** What an isolate knows of the deployment: one consistent version of config and sealed operator secrets. No I/O. */
import type { Config, ModelConfig, ProviderConfig, TargetConfig } from './config.ts'
import type { SealedRecord } from './sealed.ts'

/** One version of everything the Directory hands to isolates. */
export interface DirectorySnapshot {
  /** Counts every change of config or credentials. */
  readonly revision: number
  /** Version of the config document, 0 before the first. */
  readonly configVersion: number
  readonly config: Config
  /** The operator's sealed provider credentials by name. */
  readonly credentials: Readonly<Record<string, SealedRecord>>
  /** The sealed pepper of the API keys; null until the first request has made one. */
  readonly pepper: SealedRecord | null
}

/** One way to answer an alias: a model at a provider, with everything dispatch needs to call it. */
export interface Target {
  /** `provider/model`, as `x-sluice-target` shows it: what a header cannot hold is percent-encoded. */
  readonly id: string
  readonly providerName: string
  readonly provider: ProviderConfig
  readonly model: string
  readonly contextWindow: number | undefined
  readonly maxOutputTokens: number | undefined
  readonly weight: number
  readonly price: TargetConfig['price']
}

/** What records know of who answered: now, or when the answer was kept. */
export interface Answerer {
  /** A target's id. */
  readonly id: string
  readonly price?: TargetConfig['price']
}

/** An alias of the config, resolved. */
export interface Model {
  readonly alias: string
  readonly config: ModelConfig
  readonly targets: readonly Target[]
}

/** The deployment as an isolate knows it: a snapshot with what is compiled from it once per revision. */
export interface Deployment extends DirectorySnapshot {
  readonly models: ReadonlyMap<string, Model>
}

/** Resolves the aliases of a config, once per snapshot. */
export function compileModels(config: Pick<Config, 'providers' | 'models'>): ReadonlyMap<string, Model> {
  const models = new Map<string, Model>()
  for (const [alias, model] of Object.entries(config.models)) {
    const targets = model.targets.flatMap((target): Target[] => {
      const provider = config.providers[target.provider]
      if (provider === undefined) return []
      return [
        {
          id: `${target.provider}/${printable(target.model)}`,
          providerName: target.provider,
          provider,
          model: target.model,
          contextWindow: target.contextWindow,
          maxOutputTokens: target.maxOutputTokens,
          weight: target.weight,
          price: target.price,
        },
      ]
    })
    models.set(alias, { alias, config: model, targets })
  }
  return models
}

/** A provider may name its models as it likes; a header and a comment of a stream take visible ASCII. */
function printable(name: string): string {
  return name.toWellFormed().replace(/[^!-~]/gu, encodeURIComponent)
}
