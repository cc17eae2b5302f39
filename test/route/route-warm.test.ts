/** A target whose prompt cache is warm is asked first, if it can be asked at all. */
import { expect, it } from 'vitest'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { TargetHealth } from '../../src/core/target-health.ts'
import { route } from '../../src/route/route.ts'
import { callerOf, deploymentOf, requestOf, STARTED_AT_MS } from '../support/path.ts'

const target = (provider: string) => ({ provider, model: 'm' })

/** The targets of a plan in order. */
function planned(preferredTarget: string, credentials: Record<string, string> = { c: 'value' }): string[] {
  const deployment = deploymentOf(
    {
      providers: {
        a: { protocol: 'openai', baseUrl: 'https://a.example/v1' },
        b: { protocol: 'openai', baseUrl: 'https://b.example/v1' },
        c: { protocol: 'openai', baseUrl: 'https://c.example/v1', credential: 'c' },
      },
      models: { model: { targets: ['a', 'b', 'c'].map(target) } },
    },
    credentials,
  )
  const services = {
    health: new TargetHealth(),
    providers: new Map([['openai', { operations: ['chat' as const] }]]),
    clock: { now: () => STARTED_AT_MS },
    random: () => 0.5,
  }
  const request: InferenceRequest = requestOf({ preferredTarget })
  const model = deployment.models.get('model')
  if (model === undefined) throw new Error('no model')
  const plan = route(services, deployment, callerOf(), request, model)
  return plan.kind === 'plan' ? plan.candidates.map(({ target: { id } }) => id) : []
}

it('comes first, and the others as the strategy has them', () => {
  expect(planned('c/m')).toEqual(['c/m', 'a/m', 'b/m'])
  expect(planned('a/m')).toEqual(['a/m', 'b/m', 'c/m'])
})

it('is a wish: one that cannot be asked is not', () => {
  expect(planned('nobody/m')).toEqual(['a/m', 'b/m', 'c/m'])
  expect(planned('c/m', {})).toEqual(['a/m', 'b/m'])
})
