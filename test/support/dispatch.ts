/** A dispatch over scripted targets, run to its end on a clock of its own. */
import type { ConfigDocument } from '../../src/core/config.ts'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { dispatch, type Outcome } from '../../src/dispatch/dispatch.ts'
import { candidatesOf, deploymentOf, json, pathServices, requestOf, type Script, scriptedProvider } from './path.ts'
import { providerError, whole } from './wire.ts'

type ModelConfig = NonNullable<ConfigDocument['models']>[string]
/** Targets in order: model, what it answers, and what else its config says. */
export type Targets = readonly (readonly [model: string, scripts: readonly Script[], more?: object])[]

/** A whole answer that is one. */
export const ok = json(whole('hello'))
/** An error reply with a body of the documented shape that says `oops`. */
export const status = (code: number, headers: Record<string, string> = {}): Script =>
  json(providerError('oops'), code, headers)

/** A dispatch over these targets, begun when `run` is called. */
export function over(targets: Targets, more: Partial<ModelConfig> = {}, asked: Partial<InferenceRequest> = {}) {
  const provider = scriptedProvider(Object.fromEntries(targets.map(([model, scripts]) => [model, scripts])))
  const services = pathServices(provider)
  const deployment = deploymentOf(
    {
      providers: { p: { protocol: 'openai', credential: 'main' } },
      models: {
        model: {
          targets: targets.map(([model, , extra]) => ({ provider: 'p', model, ...extra })),
          ...more,
        } as ModelConfig,
      },
    },
    { main: 'main-value' },
  )
  const plan = candidatesOf(deployment)
  const client = new AbortController()
  const { clock } = services
  /** Runs it to its end, letting time pass as it asks for it. */
  const run = async (): Promise<Outcome> => {
    let outcome: Outcome | undefined
    const pending = dispatch(services, requestOf(asked), plan, client.signal).then((settled) => {
      outcome = settled
    })
    for (let rounds = 0; outcome === undefined && rounds < 400; rounds += 1) await clock.advance(50)
    await pending
    if (outcome === undefined) throw new Error('no outcome')
    return outcome
  }
  return { run, services, provider, plan, client, clock, asked: provider.asked }
}
