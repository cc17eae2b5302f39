/** The workerd configuration: one owner of the objects, secrets by name only, and text that workerd itself can read. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { installed } from '../../../scripts/support/build.ts'
import { startChild } from '../../../scripts/support/child.ts'
import { answers } from '../../../scripts/support/ports.ts'
import { moduleKind, workerdConfig } from '../../../scripts/support/workerd-config.ts'
import { freePorts } from '../../support/sluice.ts'

const wrangler = `
compatibility_date = "2026-10-20"
compatibility_flags = ["enable_request_signal"]
[[durable_objects.bindings]]
name = "TENANT"
class_name = "TenantObject"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["TenantObject"]
`
const parts = {
  wrangler,
  modules: ['index.js'],
  objects: '/state/objects',
  variables: ['SLUICE_MASTER_KEY'],
  ports: [9001, 9002],
  certificates: [],
}

test('the first isolate owns the objects, the others are sent to it', () => {
  const config = workerdConfig(parts)
  expect(config.match(/durableObjectStorage/g)).toHaveLength(1)
  expect(config.match(/uniqueKey = "sluice-TenantObject", enableSql = true/g)).toHaveLength(1)
  expect(config.match(/\(className = "TenantObject", serviceName = "isolate-0"\)/g)).toHaveLength(1)
  expect(config).toContain('address = "127.0.0.1:9002", http = (), service = "isolate-1"')
})

test('variables are read from the environment of workerd', () => {
  expect(workerdConfig(parts)).toContain('(name = "SLUICE_MASTER_KEY", fromEnvironment = "SLUICE_MASTER_KEY")')
})

test('webhooks have a network of their own in every isolate, which reaches private addresses only where it is told to', () => {
  const networks = (webhooksPrivate?: boolean) =>
    Array.from(
      workerdConfig({
        ...parts,
        certificates: ['pem'],
        ...(webhooksPrivate === undefined ? {} : { webhooksPrivate }),
      }).matchAll(/\(name = "(\w+)", network = \(\s+allow = \[([^\]]+)\],\s+tlsOptions = \(([^)]+)\)/g),
      ([, ...found]) => found,
    )
  const tls = 'trustBrowserCas = true, trustedCertificates = ["pem"]'
  const internet = ['internet', '"public", "private"', tls]
  for (const told of [undefined, false]) expect(networks(told)).toEqual([internet, ['webhooks', '"public"', tls]])
  expect(networks(true)).toEqual([internet, ['webhooks', '"public", "private"', tls]])
  expect(workerdConfig(parts).match(/\(name = "WEBHOOKS", service = "webhooks"\)/g)).toHaveLength(parts.ports.length)
})

test('awkward text is quoted', () => {
  expect(workerdConfig({ ...parts, objects: '/a "b"\\c' })).toContain('path = "/a \\"b\\"\\\\c"')
  expect(workerdConfig({ ...parts, certificates: ['line\nline\r\n'] })).toContain('["line\\nline\\r\\n"]')
})

test('workerd takes it, with modules of every kind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-config-'))
  const files = {
    'index.js': 'export class TenantObject {}; export default { fetch: () => new Response("x") }',
    'a.txt': 'text',
    'b.bin': 'bytes',
    'c.json': '{}',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const objects = join(folder, 'objects')
  await mkdir(objects)
  const file = join(folder, 'workerd.capnp')
  await writeFile(file, workerdConfig({ ...parts, modules: Object.keys(files), objects }))
  const workerd = installed(resolve(import.meta.dirname, '../../..'), 'workerd')
  await promisify(execFile)(workerd, ['compile', '--config-only', file, 'config'], { encoding: 'buffer' })
  await rm(folder, { recursive: true })
})

/** Sends what it is told to, past every policy on URLs, and answers with the status or the failure. */
const SENDER = `
export class TenantObject {}
export default {
  async fetch(request, { WEBHOOKS }) {
    if (new URL(request.url).pathname === '/health') return new Response('ok')
    const url = request.headers.get('x-to')
    return WEBHOOKS.fetch(url, { method: 'POST', body: '{}', redirect: 'manual' }).then(
      (reply) => new Response(String(reply.status)),
      (error) => new Response(error.message),
    )
  },
}`

test.each([
  [false, 0],
  [true, 4],
])(
  'webhooks that may reach private addresses: %s, sent to this machine by its names',
  async (webhooksPrivate, arrived) => {
    let calls = 0
    const receiver = createServer((_, response) => {
      calls += 1
      response.writeHead(204).end()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port: at } = receiver.address() as AddressInfo
    const folder = await mkdtemp(join(tmpdir(), 'sluice-webhooks-'))
    const objects = join(folder, 'objects')
    await mkdir(objects)
    await writeFile(join(folder, 'index.js'), SENDER)
    const port = await freePorts(2)
    const ports = [port, port + 1]
    const file = join(folder, 'workerd.capnp')
    await writeFile(file, workerdConfig({ ...parts, variables: [], ports, objects, webhooksPrivate }))
    const workerd = installed(resolve(import.meta.dirname, '../../..'), 'workerd')
    const child = startChild(workerd, ['serve', file], { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text
    })
    try {
      // Every isolate has it, the one that owns the objects and the other.
      for (const isolate of ports) {
        const url = `http://127.0.0.1:${isolate}`
        expect(await answers(`${url}/health`, child.ended, 20_000)).toBe(true)
        for (const host of ['localhost', '127.0.0.1']) {
          const reply = await fetch(url, { headers: { 'x-to': `http://${host}:${at}/` } })
          expect(await reply.text()).toMatch(webhooksPrivate ? /^204$/ : /^internal error/)
        }
      }
    } finally {
      await child.stop(1000)
      await rm(folder, { recursive: true })
      await new Promise((done) => receiver.close(done))
    }
    expect(calls).toBe(arrived)
    expect(log.match(/is not allowed/g) ?? []).toHaveLength(ports.length * 2 - arrived)
  },
)

test('what is no module', () => {
  expect(['index.js', 'x.wasm', 'README.md', 'index.js.map'].map(moduleKind)).toEqual([
    'esModule',
    'wasm',
    undefined,
    undefined,
  ])
})
