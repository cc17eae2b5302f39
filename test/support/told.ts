/** A script of figures run in the test's own process, and all that it told. */
import type { Output } from '../../scripts/support/figures.ts'

/** Its exit code, and its lines. */
export async function told(script: (args: readonly string[], output: Output) => Promise<number>, args: string[]) {
  const [out, err] = [[] as string[], [] as string[]]
  const code = await script(args, { out: (text) => out.push(text), err: (text) => err.push(text) })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
