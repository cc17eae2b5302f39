/** Where the end of a request is to be told: refused with the reason, or the tenant's default where nobody may be there. */
import { expect, it } from 'vitest'
import { withWebhook } from '../../src/edge/webhook.ts'
import { callerOf, deploymentOf } from '../support/path.ts'

const OWN = 'https://hooks.example.com/default'
const HERE = 'https://sluice.example.com/v1/responses'
const nothing = {
  session: undefined,
  onDisconnect: undefined,
  prompt: undefined,
  webhook: undefined,
  idempotencyKey: undefined,
  background: false,
  store: true,
  previousResponseId: undefined,
  conversation: undefined,
  template: undefined,
} as const
const deployment = deploymentOf({ webhooks: { ownHosts: ['*.inside.example.com'] } })

const judge = (
  lasting: Partial<Parameters<typeof withWebhook>[3]>,
  webhook: { url: string | null } | null = { url: OWN },
  webhooksPrivate = false,
) => withWebhook({ webhooksPrivate }, { caller: callerOf({ webhook }), deployment }, HERE, { ...nothing, ...lasting })

it('is the one named, whatever the default', () => {
  const named = 'https://other.example.com:8443/x'
  for (const webhook of [{ url: OWN }, { url: null }])
    expect(judge({ webhook: named, background: true }, webhook)).toEqual({
      ...nothing,
      background: true,
      webhook: named,
    })
})

it('is the tenant’s own for background and detached requests alone', () => {
  for (const more of [{ background: true }, { onDisconnect: 'detach' }] as const) {
    expect(judge(more)).toMatchObject({ webhook: OWN })
    expect(judge(more, { url: null })).toMatchObject({ webhook: undefined })
    expect(judge(more, null)).toMatchObject({ webhook: undefined })
  }
  for (const more of [{}, { onDisconnect: 'cancel' }, { session: 's' }, { idempotencyKey: 'k' }] as const)
    expect(judge(more)).toMatchObject({ webhook: undefined })
})

it('needs a secret to sign with: who has none is told whom to ask', () => {
  expect(judge({ webhook: 'https://other.example.com/x' }, null)).toMatchObject({
    code: 'invalid_request',
    status: 400,
    param: 'x-sluice-webhook',
    message: expect.stringContaining('your operator'),
  })
})

it.each([
  ['http://other.example.com/', 'https://'],
  ['https://127.1/', 'not an IP address'],
  ['https://sluice.example.com/v1/chat/completions', 'lead back here'],
  ['https://a.inside.example.com/', 'lead back here'],
  ['https://gpu.internal/', 'public host'],
])('%s is refused with the reason', (webhook, reason) => {
  const refused = judge({ webhook })
  expect(refused).toMatchObject({ code: 'invalid_request', status: 400, param: 'x-sluice-webhook' })
  expect(refused).toMatchObject({ message: expect.stringContaining(reason) })
})

it('may be private for development', () => {
  expect(judge({ webhook: 'http://127.0.0.1:9000/' }, { url: null }, true)).toMatchObject({
    webhook: 'http://127.0.0.1:9000/',
  })
})
