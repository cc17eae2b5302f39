/** Which URLs an event may be sent to. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { webhookUrlFault } from '../../src/core/webhook-url.ts'

const STRICT = { ownHosts: ['sluice.example.com', '*.gw.example.com', 'Api.Example.NET.'], allowPrivate: false }

describe('a receiver’s', () => {
  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com/',
    'https://hooks.example.com/a/b?token=x&y=%20',
    'https://hooks.example.com:443/x',
    'https://hooks.example.com:8443/x',
    'HTTPS://Hooks.Example.Com/x',
    'https://hooks.example.com./x',
    'https://xn--bcher-kva.example/x',
    'https://user.example.com/@me',
    'https://hooks.example.com/a@b?c@d',
    'https://local.example.com/x',
    'https://localhost.example.com/x',
    'https://internal.example.org/x',
    'https://1.2.3.4.example.com/x',
    'https://x.sluice.example.com/x',
    'https://gw.example.com/x',
    `https://hooks.example.com/${'x'.repeat(2048 - 26)}`,
  ])('%s is one', (url) => {
    expect(webhookUrlFault(url, STRICT)).toBeNull()
  })
})

/** Part of what is said → URLs it is said of. */
const HOSTILE: Readonly<Record<string, readonly string[]>> = {
  'at most 2048': [`https://hooks.example.com/${'x'.repeat(2048 - 25)}`],
  'printable ASCII': [
    '',
    ' https://hooks.example.com',
    'https://hooks.example.com ',
    'https://hooks.example.com/a b',
    'https://hooks.exa\tmple.com/',
    'https://hooks.exa\nmple.com/',
    'https://hooks.example.com/\r\nx-injected: 1',
    'https://hooks.example.com/\u0000',
    'https:\\\\hooks.example.com',
    'https://hooks.example.com\\@127.0.0.1/',
    'https://１２７.0.0.1/',
    'https://127。0。0。1/',
    'https://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
    'https://bücher.example/',
    'https://hooks.example.com/\u202e',
  ],
  'begin with https://': [
    'http://hooks.example.com',
    'http://hooks.example.com:443',
    'hooks.example.com',
    '//hooks.example.com',
    'https:hooks.example.com',
    'https:/hooks.example.com',
    'https:///hooks.example.com',
    'https://',
    'ftp://hooks.example.com',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'javascript:alert(1)',
    'data:text/plain,x',
    'blob:https://hooks.example.com/x',
    'wss://hooks.example.com',
    'unix:/var/run/docker.sock',
  ],
  'be a URL': [
    'https://?x',
    'https://hooks.example.com:99999/',
    'https://hooks.example.com:x/',
    'https://exa%mple.com/',
    'https://hooks.example.com:-1/',
    'https://[::1',
    'https://1.2.3.4.5/',
    'https://256.256.256.256/',
    'https://4294967296/',
    'https://a<b.example.com/',
  ],
  'user name': [
    'https://user@hooks.example.com/',
    'https://user:password@hooks.example.com/',
    'https://@hooks.example.com/',
    'https://:@hooks.example.com/',
    'https://hooks.example.com@127.0.0.1/',
    'https://hooks.example.com%2f@10.0.0.1/',
    'https://a:b@c@hooks.example.com/',
  ],
  fragment: ['https://hooks.example.com/#', 'https://hooks.example.com/#x', 'https://hooks.example.com#@127.0.0.1/'],
  'port 443 or 8443': [
    'https://hooks.example.com:80/',
    'https://hooks.example.com:22/',
    'https://hooks.example.com:0/',
    'https://hooks.example.com:4430/',
    'https://hooks.example.com:6379/',
    'https://127.0.0.1:8080/',
  ],
  'not an IP address': [
    'https://8.8.8.8/',
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.1/',
    'https://127.0.1/',
    'https://0/',
    'https://0x7f.1/',
    'https://0x7f.0.0.1/',
    'https://0x7f000001/',
    'https://0X7F000001/',
    'https://0177.0.0.1/',
    'https://017700000001/',
    'https://2130706433/',
    'https://%31%32%37.0.0.1/',
    'https://127%2e0%2e0%2e1/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://0xa9fea9fe/',
    'https://2852039166/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://[::]/',
    'https://[::1]/',
    'https://[::1]:8443/',
    'https://[fe80::1]/',
    'https://[fd00:ec2::254]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[2606:4700::1111]/',
  ],
  'without empty parts': ['https://hooks..example.com/', 'https://.example.com/', 'https://example.com../'],
  'letters, digits and hyphens': [
    'https://hooks&x.example.com/',
    "https://hooks'.example.com/",
    'https://a;b.example.com/',
    'https://$(id).example.com/',
    `https://${'x'.repeat(64)}.example.com/`,
  ],
  'with a dot': [
    'https://localhost/',
    'https://LOCALHOST./',
    'https://gpu/',
    'https://metadata/',
    'https://loc%61lhost/',
  ],
  'public host; .': [
    'https://app.localhost/',
    'https://app.LOCALHOST./',
    'https://printer.local/',
    'https://metadata.google.internal/',
    'https://host.docker.internal/',
    'https://router.home.arpa/',
    'https://1.0.0.127.in-addr.arpa/',
    'https://localhost.localdomain/',
    'https://nas.lan/',
    'https://wiki.corp/',
    'https://hidden.onion/',
  ],
  'lead back here': [
    'https://sluice.example.com/v1/chat/completions',
    'https://SLUICE.example.com:8443/',
    'https://sluice.example.com./',
    'https://sluice%2eexample.com/',
    'https://a.gw.example.com/',
    'https://a.b.gw.example.com/',
    'https://api.example.net/',
  ],
}

describe.each(Object.entries(HOSTILE))('%s', (said, urls) => {
  it.each(urls)('%j', (url) => {
    expect(webhookUrlFault(url, STRICT)).toContain(said)
  })
})

it('is a table worth the name', () => {
  expect(Object.values(HOSTILE).flat().length).toBeGreaterThanOrEqual(60)
})

it('lets pass, of whatever is written, only what the URL parser takes for a public name on a port of ours', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'https://',
      '@',
      ':',
      '/',
      '.',
      '%2e',
      '127',
      '0x7f',
      '1',
      '[',
      ']',
      '::',
      'localhost',
      'com',
      '\\',
    ),
    fc.constantFrom('hooks', 'example', '#', '?', '443', '8443', '80', 'local', '\t', '０'),
    fc.string({ maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
      const text = `https://${pieces.join('')}`
      if (webhookUrlFault(text, STRICT) !== null) return
      const url = new URL(text)
      expect(url.protocol).toBe('https:')
      expect(['', '8443']).toContain(url.port)
      expect(url.username + url.password + url.hash).toBe('')
      expect(url.hostname).toMatch(/^[a-z0-9_.-]+\.(?!\d+\.?$)[a-z0-9_-]+\.?$/)
    }),
    { numRuns: 5000 },
  )
})

describe('for development', () => {
  const OPEN = { ownHosts: ['127.0.0.1'], allowPrivate: true }

  it.each(['http://127.0.0.1:9000/x', 'http://localhost:1/', 'https://[::1]:3000/', 'http://gpu/', 'https://a.local/'])(
    '%s is one',
    (url) => {
      expect(webhookUrlFault(url, OPEN)).toBeNull()
    },
  )

  it.each([
    ['ftp://127.0.0.1/', 'begin with'],
    ['http:127.0.0.1', 'begin with'],
    ['http://user@127.0.0.1/', 'user name'],
    ['http://127.0.0.1/#x', 'fragment'],
    ['http://127.0.0.1/ x', 'printable'],
    ['http://127.0.0.1:99999/', 'URL'],
  ])('%s is none', (url, said) => {
    expect(webhookUrlFault(url, OPEN)).toContain(said)
  })
})
