/** What vendors sent, from test/fixtures. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from './messages-events.ts'

/** A recording, as it is. */
export const recordedText = (path: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures', path), 'utf8')

/** The events of one of Anthropic's streams. */
export const recordedEvents = (name: string): Json[] =>
  recordedText(`anthropic/${name}.chunks.txt`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Json)

/** The chunks of a stream in OpenAI's protocol. */
export const recordedChunks = (name: string): Json[] =>
  recordedText(`streams/${name}.sse`)
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Json)
