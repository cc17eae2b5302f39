/** What a deployment's variables must be, and which one is named when they are not. */
import { expect, it } from 'vitest'
import { readSettings } from '../../src/core/settings.ts'

const ADMIN = 'a'.repeat(32)
const GOOD = { SLUICE_MASTER_KEY: 'good key', SLUICE_ADMIN_TOKEN: ADMIN }
/** A master key is good when it says so. */
const masterKeyFault = (value: string | undefined): string | null =>
  value?.startsWith('good') === true ? null : 'is no key'
const read = (variables: Record<string, unknown>) => readSettings(variables, masterKeyFault)

it('reads the least there may be', () => {
  expect(read(GOOD)).toEqual({
    masterKey: 'good key',
    previousMasterKey: undefined,
    adminTokens: [ADMIN],
    allowPrivate: false,
    webhooksPrivate: false,
  })
})

it('reads the predecessors during a change, current first', () => {
  const previous = 'b'.repeat(40)
  expect(
    read({ ...GOOD, SLUICE_MASTER_KEY_PREVIOUS: 'good old key', SLUICE_ADMIN_TOKEN_PREVIOUS: previous }),
  ).toMatchObject({ masterKey: 'good key', previousMasterKey: 'good old key', adminTokens: [ADMIN, previous] })
})

it('takes an empty variable, and one that is no text, for absent', () => {
  const empty = { SLUICE_MASTER_KEY_PREVIOUS: '', SLUICE_ADMIN_TOKEN_PREVIOUS: '', UPSTASH_REDIS_REST_URL: '' }
  expect(read({ ...GOOD, ...empty })).toMatchObject({ previousMasterKey: undefined, adminTokens: [ADMIN] })
  expect(read({ ...GOOD, SLUICE_ADMIN_TOKEN: { fetch() {} } })).toMatchObject({ variable: 'SLUICE_ADMIN_TOKEN' })
})

it.each([
  ['SLUICE_MASTER_KEY', 'is no key', { SLUICE_MASTER_KEY: 'bad' }],
  ['SLUICE_MASTER_KEY', 'is no key', { SLUICE_MASTER_KEY: undefined }],
  ['SLUICE_MASTER_KEY_PREVIOUS', 'is no key', { SLUICE_MASTER_KEY_PREVIOUS: 'bad' }],
  ['SLUICE_ADMIN_TOKEN', 'is not set', { SLUICE_ADMIN_TOKEN: '' }],
  ['SLUICE_ADMIN_TOKEN', 'is shorter than 32 characters', { SLUICE_ADMIN_TOKEN: 'a'.repeat(31) }],
  ['SLUICE_ADMIN_TOKEN_PREVIOUS', 'is shorter than 32 characters', { SLUICE_ADMIN_TOKEN_PREVIOUS: 'b'.repeat(31) }],
  ...['SLUICE_ADMIN_TOKEN', 'SLUICE_ADMIN_TOKEN_PREVIOUS'].flatMap((name) =>
    ['two words', 'cr\r', 'é'].map((end) => [
      name,
      'is malformed: it must be printable ASCII without spaces',
      { [name]: ADMIN + end },
    ]),
  ),
  ...['REDIS', 'VECTOR'].flatMap((store) =>
    [
      'name.upstash.io',
      'redis://name.upstash.io',
      'https://',
      'https://user@name.upstash.io',
      'https://name.upstash.io?_token=t',
      'https://name.upstash.io#t',
    ].map((url) => [
      `UPSTASH_${store}_REST_URL`,
      'is malformed: it must be a URL, as in https://name.upstash.io',
      { [`UPSTASH_${store}_REST_URL`]: url, [`UPSTASH_${store}_REST_TOKEN`]: 't' },
    ]),
  ),
  ...['REDIS', 'VECTOR'].flatMap((store) =>
    ['two words', 'cr\r', 'é'].map((token) => [
      `UPSTASH_${store}_REST_TOKEN`,
      'is malformed: it must be printable ASCII without spaces',
      { [`UPSTASH_${store}_REST_URL`]: 'https://name.upstash.io', [`UPSTASH_${store}_REST_TOKEN`]: token },
    ]),
  ),
  ...['SLUICE_ALLOW_PRIVATE', 'SLUICE_WEBHOOKS_PRIVATE'].flatMap((name) =>
    ['true', 'yes', '2'].map((value) => [name, 'is malformed: it is 1, or not set', { [name]: value }]),
  ),
  ...['REDIS', 'VECTOR'].flatMap((store) => [
    [`UPSTASH_${store}_REST_TOKEN`, 'is not set, but the other of its pair is', { [`UPSTASH_${store}_REST_URL`]: 'u' }],
    [`UPSTASH_${store}_REST_URL`, 'is not set, but the other of its pair is', { [`UPSTASH_${store}_REST_TOKEN`]: 't' }],
  ]),
] as [string, string, Record<string, unknown>][])('%s %s', (variable, message, variables) => {
  expect(read({ ...GOOD, ...variables })).toEqual({ variable, message })
})

it('takes a pair that is whole', () => {
  const redis = { UPSTASH_REDIS_REST_URL: 'https://r', UPSTASH_REDIS_REST_TOKEN: 't' }
  const vector = { UPSTASH_VECTOR_REST_URL: 'https://v', UPSTASH_VECTOR_REST_TOKEN: 't' }
  const atRedis = { url: 'https://r', token: 't' }
  const atVector = { url: 'https://v', token: 't' }
  expect(read({ ...GOOD, ...redis, ...vector })).toMatchObject({ redis: atRedis, vector: atVector })
  expect(read({ ...GOOD, ...vector })).toMatchObject({ masterKey: 'good key', redis: undefined, vector: atVector })
  expect(read({ ...GOOD, ...redis })).toMatchObject({ redis: atRedis, vector: undefined })
})

it('allows private addresses for 1 alone', () => {
  const allowed = (value: string) => read({ ...GOOD, SLUICE_ALLOW_PRIVATE: value })
  expect(allowed('1')).toMatchObject({ allowPrivate: true })
  for (const value of ['0', '']) expect(allowed(value)).toMatchObject({ allowPrivate: false })
})

it('lets webhooks go to private addresses for 1 alone, whatever upstreams may', () => {
  const variables = { ...GOOD, SLUICE_ALLOW_PRIVATE: '1' }
  expect(read(variables)).toMatchObject({ webhooksPrivate: false })
  expect(read({ ...variables, SLUICE_WEBHOOKS_PRIVATE: '1' })).toMatchObject({ webhooksPrivate: true })
})

it('never tells a value', () => {
  const secret = 'short-secret'
  for (const name of ['SLUICE_MASTER_KEY', 'SLUICE_ADMIN_TOKEN', 'UPSTASH_REDIS_REST_TOKEN'])
    expect(JSON.stringify(read({ ...GOOD, [name]: secret }))).not.toContain(secret)
  const [url, token] = [`https://u:${secret}@r`, `${secret} ${secret}`]
  for (const pair of [
    { url, token: 't' },
    { url: 'https://r', token },
  ]) {
    const redis = { UPSTASH_REDIS_REST_URL: pair.url, UPSTASH_REDIS_REST_TOKEN: pair.token }
    expect(JSON.stringify(read({ ...GOOD, ...redis }))).not.toContain(secret)
  }
})
