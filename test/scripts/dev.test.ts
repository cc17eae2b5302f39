/** `dev` as a newcomer meets it. */
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isAlive } from '../../scripts/support/child.ts'
import { startDemoOrigin } from '../support/demo-origin.ts'
import { testSecrets } from '../support/serve.ts'

const root = resolve(import.meta.dirname, '../..')
let state: string
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-dev-'))
})
afterEach(() => rm(state, { recursive: true }))

/** Starts dev and resolves when it has said that it is ready. */
async function startDev(flags: readonly string[]) {
  const env: NodeJS.ProcessEnv = { ...process.env, npm_lifecycle_event: 'dev', ...testSecrets }
  const args = [join(root, 'scripts/dev.ts'), '--state', state, ...flags]
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const out = { stdout: '', stderr: '' }
  const ended = new Promise<number | null>((done) => child.once('exit', done))
  await new Promise<void>((ready, failed) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out.stderr += text
    })
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out.stdout += text
      if (out.stdout.includes('sluice ready on ')) ready()
    })
    void ended.then((code) => failed(new Error(`dev ended with ${code}\n${out.stdout}${out.stderr}`)))
  })
  const stop = () => {
    child.kill('SIGINT')
    return ended
  }
  return { out, stop }
}

/** Runs the line that it printed for pasting. */
async function paste(stdout: string): Promise<string> {
  const line = /curl -N .*/.exec(stdout)?.[0] ?? ''
  return (await promisify(execFile)('sh', ['-c', line])).stdout
}

test('the line it prints streams an answer, and Ctrl-C ends everything in time', async () => {
  const dev = await startDev(['--port', '9390'])
  expect(dev.out.stdout.match(/^sluice ready on http:\/\/127\.0\.0\.1:9390$/gm)).toHaveLength(1)
  expect(dev.out.stdout).toContain('http://127.0.0.1:9390/v1\n')
  expect(dev.out.stdout).toContain('http://127.0.0.1:9390/docs\n')
  const events = (await paste(dev.out.stdout)).trim().split('\n\n')
  expect(events.length).toBeGreaterThan(10)
  expect(events.at(-1)).toBe('data: [DONE]')
  const { worker } = JSON.parse(await readFile(join(state, 'dev/dev.lock'), 'utf8'))
  expect((await stat(join(state, 'dev/wrangler.json'))).mode & 0o777).toBe(0o600)
  const asked = performance.now()
  expect(await dev.stop()).toBe(0)
  expect(performance.now() - asked).toBeLessThan(6000)
  expect(await isAlive(worker, '')).toBe(false)
})

test('another server takes the place of the demo origin', async () => {
  const origin = await startDemoOrigin()
  const dev = await startDev(['--port', '9391', '--origin', origin.url])
  expect(await paste(dev.out.stdout)).toContain('chatcmpl-test-1')
  await dev.stop()
  await origin.close()
})
