/** The CLI against a running Sluice: from nothing to a working key, and a rotation of the master key to its end. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { runCli } from '../support/cli.ts'
import { type RunningSluice, startSluice, testSecrets } from '../support/serve.ts'

const PORT = 9331
const CREDENTIAL = 'sk-operators-own-0123456789'
const NEW_MASTER_KEY = Buffer.alloc(32, 9).toString('base64')

/** A provider that lets only the credential in. */
async function provider(): Promise<string> {
  const server = createServer((request, response) => {
    const known = request.headers.authorization === `Bearer ${CREDENTIAL}`
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
    response.end(JSON.stringify(known ? { object: 'list', data: [{ id: 'm' }] } : { error: { message: CREDENTIAL } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}

const env = { SLUICE_URL: `http://127.0.0.1:${PORT}`, SLUICE_ADMIN_TOKEN: testSecrets.SLUICE_ADMIN_TOKEN }

/** Runs a verb that must succeed, and reads its JSON. */
// biome-ignore lint/suspicious/noExplicitAny: the shapes are the admin API's own tests' matter.
async function cli(args: string, input?: string): Promise<any> {
  const { code, out, err } = await runCli([...args.split(' '), '--json'], env, input === undefined ? {} : { input })
  expect({ args, code, err: code === 0 ? '' : err + out }).toEqual({ args, code: 0, err: '' })
  return JSON.parse(out)
}

it('sets up a deployment, and takes it through a change of the master key', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-cli-'))
  let sluice: RunningSluice | undefined
  const restart = async (variables: Record<string, string>) => {
    await sluice?.stop()
    sluice = await startSluice({ port: PORT, state: join(folder, 'state'), env: variables })
  }
  onTestFinished(async () => {
    await sluice?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const document = { providers: { up: { protocol: 'openai', baseUrl: await provider(), credential: 'main' } } }
  const file = join(folder, 'config.json')
  await writeFile(
    file,
    JSON.stringify({ ...document, models: { chat: { targets: [{ provider: 'up', model: 'm' }] } } }),
  )

  await restart({})
  const early = await runCli(['apply', file], env)
  expect(early).toMatchObject({ code: 1, err: expect.stringContaining('/providers/up/credential') })
  expect(await cli('credential set main', `${CREDENTIAL}\n`)).toMatchObject({ version: 1, last4: '6789' })
  expect(await cli(`apply ${file} --dry-run`)).toMatchObject({ version: 0 })
  expect(await cli(`apply ${file}`)).toMatchObject({ version: 1 })
  expect(await cli('provider check up')).toMatchObject({ ok: true, models: ['m'] })
  await cli('tenant create acme --model chat')
  await cli('credential set main --tenant acme', 'sk-of-the-tenant-itself')
  const { key } = await cli('key create acme ci')
  const models = async () => {
    const reply = await fetch(`${env.SLUICE_URL}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    return { status: reply.status, body: await reply.json() }
  }
  expect(await models()).toMatchObject({ status: 200, body: { data: [{ id: 'chat' }] } })

  const previous = { SLUICE_MASTER_KEY_PREVIOUS: testSecrets.SLUICE_MASTER_KEY }
  await restart({ SLUICE_MASTER_KEY: NEW_MASTER_KEY, ...previous })
  // The operator's credential, the tenant's, and the pepper.
  expect(await cli('status')).toMatchObject({ recordsUnderOldKey: 3 })
  expect((await models()).status).toBe(200)
  expect(await cli('credential reseal')).toEqual({ resealed: 3, remaining: 0 })
  expect(await cli('credential reseal')).toEqual({ resealed: 0, remaining: 0 })

  await restart({ SLUICE_MASTER_KEY: NEW_MASTER_KEY })
  expect(await cli('status')).toMatchObject({ recordsUnderOldKey: 0 })
  expect((await models()).status).toBe(200)
  expect(await cli('provider check up')).toMatchObject({ ok: true })
  const audit = await cli('audit')
  expect(audit.data.map(({ action }: { action: string }) => action)).toEqual(
    expect.arrayContaining(['credential.create', 'config.apply', 'tenant.create', 'key.create']),
  )
  expect(JSON.stringify(audit)).not.toMatch(/sk-operators|sk-of-the|slc_/)
})
