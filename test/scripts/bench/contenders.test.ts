/** The floor is what it says it is, and Portkey is found where it is. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { direct, findPortkey, floorSource, hasherSource } from '../../../scripts/bench/contenders.ts'

it('has a floor that does nothing but pass on', () => {
  expect(floorSource).toBe(
    'export default { fetch: (request, env) => fetch(env.ORIGIN + new URL(request.url).pathname, request) }',
  )
})

it('has a hasher that reads the body, hashes it and gives its one reply', async () => {
  const { default: worker } = await import(`data:text/javascript,${encodeURIComponent(hasherSource)}`)
  const request = new Request('http://hasher', { method: 'POST', body: 'whatever' })
  const reply: Response = await worker.fetch(request, { REPLY: '{"object":"chat.completion"}' })
  expect(request.bodyUsed).toBe(true)
  expect(await reply.json()).toEqual({ object: 'chat.completion' })
})

it('goes straight to the upstream for the ceiling', () => {
  expect(direct(9400, 7)).toMatchObject({ name: 'direct', port: 9400, pid: 7 })
})

it('finds Portkey in its own folder and among the packages of another', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portkey-'))
  const own = join(folder, 'node_modules/@portkey-ai/gateway')
  try {
    expect(findPortkey(folder)).toBeUndefined()
    mkdirSync(join(own, 'build'), { recursive: true })
    writeFileSync(join(own, 'build/start-server.js'), '')
    expect(findPortkey(folder)).toBe(join(own, 'build/start-server.js'))
    expect(findPortkey(own)).toBe(join(own, 'build/start-server.js'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})
