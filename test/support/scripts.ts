/** Scripts of an upstream that several suites share. */
import type { Script } from './scripted-origin.ts'
import { text } from './wire.ts'

/** A stream that begins like this and then says nothing more. */
export const streamOf =
  (...parts: string[]): Script =>
  async (call) => {
    await call.head(200)
    for (const part of parts) await call.write(part)
  }

/** A stream that goes on until its reader is gone. */
export const flow: Script = async (call) => {
  await call.head(200)
  for (let gone = false; !gone; ) {
    await call.write(text('more '))
    gone = await Promise.race([call.ended.then(() => true), new Promise<false>((tick) => setTimeout(tick, 20, false))])
  }
}
