/** The same stream asked for in each protocol: what the load looks for is in what Sluice's encoders write. */
import { expect, it } from 'vitest'
import { streamEnd, streamEvent } from '../../../scripts/bench/body.ts'
import { STREAM_SKINS } from '../../../scripts/bench/stream-skins.ts'
import type { StreamSkin } from '../../../scripts/bench/types.ts'
import { SKINS } from '../../../src/edge/skins.ts'
import { translatedWhole } from '../../../src/edge/translated.ts'

const EVENTS = 5
const upstream = Array.from({ length: EVENTS }, (_, index) => streamEvent(index)).join('') + streamEnd(EVENTS, true)

it.each(Object.keys(STREAM_SKINS) as StreamSkin[])('%s', (name) => {
  const { path, body, mark, end } = STREAM_SKINS[name]
  const skin = SKINS[path]
  const asked = JSON.parse(body(200))
  expect(skin?.schema.safeParse(asked).success).toBe(true)
  expect(asked.stream).toBe(true)
  const heading = { id: 'abc', model: 'bench-200', createdS: 1 }
  const text = skin?.encode ? translatedWhole(skin.encode.stream(heading, asked), upstream) : upstream
  expect(text.split(mark)).toHaveLength(EVENTS + 1)
  expect(text).toMatch(end)
  expect(text.slice(0, -1)).not.toMatch(end)
})
