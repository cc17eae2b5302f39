/** Reads JSON of the operator, from files and standard input, and says where it is broken. */
import { readFile } from 'node:fs/promises'
import { CliError, type Io } from './io.ts'

/** The JSON in a file. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`${file} cannot be read (${error.code}).`)
  })
  return parseJson(text.replace(/^\uFEFF/, ''), file)
}

/** The JSON in a file, or on standard input where the file is `-`. */
export async function readJsonOrInput(io: Io, file: string, question: string): Promise<unknown> {
  return file === '-' ? parseJson(await io.input(question), 'standard input') : readJson(file)
}

/** Parses JSON; a fault names line and column, counted from 1. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = (error as Error).message
    const before = text.slice(0, offsetOf(text, message)).split('\n')
    const what = message.replace(/,? \.{0,3}".*$/s, '').replace(/ in JSON at position .*$/s, '')
    throw new CliError(`${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}: ${what}. It must be plain JSON.`)
  }
}

/**
 * Where the parser stopped. It says so in most messages; for an unexpected token it does not, but every prefix that
 * holds that token fails with the same message and no shorter one does.
 */
function offsetOf(text: string, message: string): number {
  const told = / at position (\d+)/.exec(message)?.[1]
  if (told !== undefined) return Number(told)
  if (!message.startsWith(UNEXPECTED)) return text.length
  let [without, including] = [0, text.length]
  while (including - without > 1) {
    const middle = Math.floor((without + including) / 2)
    if (hasUnexpectedToken(text.slice(0, middle))) including = middle
    else without = middle
  }
  return without
}

const UNEXPECTED = 'Unexpected token'

function hasUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return (error as Error).message.startsWith(UNEXPECTED)
  }
}
