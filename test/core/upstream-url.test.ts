/** Which URLs an upstream may have. */
import { expect, it } from 'vitest'
import { upstreamUrlFault } from '../../src/core/upstream-url.ts'

const STRICT = { bound: false, allowPrivate: false }

it.each([
  'https://api.openai.com/v1',
  'https://gpu-a.example.com:8443/v1',
  'https://8.8.8.8/v1',
  'https://[2606:4700::1111]/v1',
  'https://example.com',
  'https://example.com./v1',
  'https://[::ffff:8.8.8.8]/v1',
])('%s is public', (url) => {
  expect(upstreamUrlFault(url, STRICT)).toBeNull()
})

it.each([
  'http://api.example.com/v1',
  'https://localhost/v1',
  'https://LOCALHOST./v1',
  'https://app.localhost/v1',
  'https://printer.local/v1',
  'https://metadata.google.internal/v1',
  'https://router.home.arpa/v1',
  'https://gpu/v1',
  'https://127.0.0.1/v1',
  'https://127.1/v1',
  'https://2130706433/v1',
  'https://0x7f.0.0.1/v1',
  'https://10.1.2.3/v1',
  'https://172.16.0.1/v1',
  'https://192.168.1.1/v1',
  'https://169.254.169.254/v1',
  'https://100.64.0.1/v1',
  'https://0.0.0.0/v1',
  'https://224.0.0.1/v1',
  'https://[::]/v1',
  'https://[::1]/v1',
  'https://[fe80::1]/v1',
  'https://[fd00::1]/v1',
  'https://[::ffff:10.0.0.1]/v1',
  'https://[::ffff:7f00:1]/v1',
  'https://[64:ff9b::a00:1]/v1',
])('%s is not, but may be bound or allowed', (url) => {
  expect(upstreamUrlFault(url, STRICT)).toMatch(/public host|https/)
  expect(upstreamUrlFault(url, { bound: true, allowPrivate: false })).toBeNull()
  expect(upstreamUrlFault(url, { bound: false, allowPrivate: true })).toBeNull()
})

it.each([
  ['', 'URL'],
  ['api.example.com/v1', 'URL'],
  ['https://', 'URL'],
  [' https://api.example.com/v1', 'URL'],
  ['https:\\\\api.example.com', 'URL'],
  ['https://api.exa\tmple.com/v1', 'URL'],
  ['ftp://api.example.com', 'https'],
  ['javascript:alert(1)', 'https'],
  ['https://user@api.example.com/v1', 'user name'],
  ['https://user:pass@api.example.com/v1', 'user name'],
  ['https://@api.example.com/v1', 'user name'],
  ['https://api.example.com/v1?key=1', 'query'],
  ['https://api.example.com/v1?', 'query'],
  ['https://api.example.com/v1#x', 'fragment'],
  ['https://api.example.com/v1#', 'fragment'],
])('%j is refused whatever lies behind it', (url, word) => {
  for (const bound of [false, true]) {
    expect(upstreamUrlFault(url, { bound, allowPrivate: true })).toContain(word)
  }
})

it('lets an @ stand in a path', () => {
  expect(upstreamUrlFault('https://api.example.com/@team/v1', STRICT)).toBeNull()
})
