/** The workerd configuration: one owner of the objects, secrets by name only, and text that workerd itself can read. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { installed } from '../../../scripts/support/build.ts'
import { moduleKind, workerdConfig } from '../../../scripts/support/workerd-config.ts'

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

test('what is no module', () => {
  expect(['index.js', 'x.wasm', 'README.md', 'index.js.map'].map(moduleKind)).toEqual([
    'esModule',
    'wasm',
    undefined,
    undefined,
  ])
})
