/** Rows of a stream over a real object's database: one run, and segments in as many parts as they need. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { STREAM_ROW_CHARS_MAX } from '../../src/core/limits.ts'
import { migrate } from '../../src/objects/sql.ts'
import { STREAM_SCHEMA, StreamRows } from '../../src/objects/stream-rows.ts'
import { aboutOf } from '../support/streams.ts'

let count = 0
function withRows(use: (rows: StreamRows) => void): Promise<void> {
  const stub = env.TENANT.get(env.TENANT.idFromName(`stream-rows-${++count}`))
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, [STREAM_SCHEMA])
    use(new StreamRows(storage.sql))
  })
}

it('keeps how the run stands', () =>
  withRows((rows) => {
    expect(rows.run()).toBeNull()
    const about = aboutOf()
    rows.begin(about)
    expect(rows.run()).toEqual({
      about,
      status: 'running',
      head: null,
      lastEvent: null,
      endedAtMs: null,
      isForgotten: false,
    })
    const head = { status: 200, headers: { 'content-type': 'text/event-stream' } }
    rows.answer(head)
    rows.keep({ first: 0, last: 6, sealed: 'x' })
    rows.end('finished', 5)
    expect(rows.run()).toEqual({ about, status: 'finished', head, lastEvent: 6, endedAtMs: 5, isForgotten: false })
  }))

it('finds the segment that follows an event, however long it is', () =>
  withRows((rows) => {
    rows.begin(aboutOf())
    const long = 'ab'.repeat(STREAM_ROW_CHARS_MAX)
    rows.keep({ first: 0, last: 3, sealed: 'first' })
    rows.keep({ first: 4, last: 4, sealed: long })
    rows.keep({ first: 5, last: 9, sealed: 'last' })
    expect(rows.after(-1)).toEqual({ first: 0, last: 3, sealed: 'first' })
    expect(rows.after(2)).toEqual({ first: 0, last: 3, sealed: 'first' })
    expect(rows.after(3)).toEqual({ first: 4, last: 4, sealed: long })
    expect(rows.after(4)).toMatchObject({ first: 5 })
    expect(rows.after(9)).toBeNull()
  }))
