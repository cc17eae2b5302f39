/** Tokens that nobody could count are estimated; whatever else came of a request stays as it is. */
import { expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { counted } from '../../src/dispatch/count.ts'
import type { Outcome } from '../../src/dispatch/dispatch.ts'
import { callerOf, deploymentOf, requestOf } from '../support/path.ts'

const deployment = deploymentOf({
  providers: { up: { protocol: 'openai', baseUrl: 'https://up.example/v1' } },
  models: { model: { targets: [{ provider: 'up', model: 'm' }] } },
})
const model = deployment.models.get('model')
if (model === undefined) throw new Error('no model')
const tried = { attempts: 0, target: null, askedAtMs: null }
const failed: Outcome = { ...tried, kind: 'failed', refusal: refusal('upstream_failed', 'No.') }
const asked = requestOf({ operation: 'count_tokens', bodyBytes: 400, bodyChars: 400 })
const count = (outcome: Outcome, learned?: { outputTokens: number; bytesPerToken: number }, request = asked) =>
  counted({ clock: { now: () => 5 }, slices: { learned: () => learned } }, callerOf(), request, model, outcome)

it('estimates by what is learned of the model, and says that it did', () => {
  expect(count(failed)).toMatchObject({
    kind: 'whole',
    form: 'messages',
    body: '{"input_tokens":100}',
    isEstimated: true,
  })
  expect(count(failed, { outputTokens: 1, bytesPerToken: 2 })).toMatchObject({ body: '{"input_tokens":200}' })
  expect(count(failed)).toMatchObject({ attempts: 0, usage: { inputTokens: 0, outputTokens: 0 }, droppedParams: [] })
})

it('leaves what the caller did wrong refused, and other requests alone', () => {
  const rejected: Outcome = { ...tried, kind: 'refused', refusal: refusal('upstream_rejected', 'No.', { status: 400 }) }
  expect(count(rejected)).toBe(rejected)
  expect(count(failed, undefined, requestOf())).toBe(failed)
})
