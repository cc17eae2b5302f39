/** How a script fails: in one line where the user can mend it, with a stack where not, and not at all while it stops. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const runModule = resolve(import.meta.dirname, '../../../scripts/support/run.ts')

async function run(main: string): Promise<{ code: unknown; said: string }> {
  const script = `import { runScript, UserError } from ${JSON.stringify(runModule)}\nawait runScript(${main})`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const code = await new Promise((done) => child.once('close', done))
  return { code, said }
}

test('a failure of the user', async () => {
  const main =
    'async (lifetime) => { lifetime.onStop(async () => console.error("stopped")); throw new UserError("mend it") }'
  expect(await run(main)).toEqual({ code: 1, said: 'sluice: mend it\nstopped\n' })
})

test('a failure of ours', async () => {
  const { code, said } = await run('async () => { throw new Error("oops") }')
  expect(code).toBe(1)
  expect(said).toMatch(/Error: oops\n\s+at /)
})

test('a failure because everything stops', async () => {
  const main = 'async (lifetime) => { void lifetime.stop(0); throw new Error("cut off") }'
  expect((await run(main)).said).toBe('')
})
