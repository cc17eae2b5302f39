/** Rows sealed and opened: nothing in clear, and each for its own session and place alone. */
import { expect, it } from 'vitest'
import type { SessionRow } from '../../../src/core/session/types.ts'
import {
  newRow,
  openedItems,
  openedRow,
  openedText,
  rowWith,
  sayable,
  sealedText,
  tokensOf,
} from '../../../src/edge/memory/sealed-rows.ts'
import { keyring } from '../../support/recalling.ts'

const MEDIA = 'A'.repeat(1_000_000)
const item = (text: string) => ({
  id: 'msg_1',
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text }],
})
const stored = ({ name, sealed, tokens }: Awaited<ReturnType<typeof newRow>>): SessionRow => ({
  seq: 3,
  kind: 'turn',
  atMs: 0,
  name,
  sealed,
  tokens,
})

it('opens to what was sealed', async () => {
  const row = await newRow(keyring, 's', 'turn', [item('hi there')], 'print')
  expect(row).toMatchObject({ name: 'turn', ids: ['msg_1'], clear: JSON.stringify([item('hi there')]) })
  expect(row.print).toBe((await newRow(keyring, 's', 'other', [], 'print')).print)
  const opened = await openedRow(keyring, 's', stored(row))
  expect(opened).toMatchObject({ seq: 3, items: [item('hi there')], messages: [{ role: 'user', content: 'hi there' }] })
  expect(opened.chars).toBe(JSON.stringify(opened.messages).length)
  expect(opened.traits).toMatchObject([{ tokens: row.tokens, isUser: true }])
  expect(await openedItems(keyring, 's', { ...stored(row), sealed: null })).toBeNull()
})

it('opens nowhere else', async () => {
  const sealed = await sealedText(keyring, 's', 'turn', 'text')
  expect(await openedText(keyring, 's', 'turn', sealed)).toBe('text')
  await expect(openedText(keyring, 'other', 'turn', sealed)).rejects.toThrow()
  await expect(openedText(keyring, 's', 'other', sealed)).rejects.toThrow()
})

it('counts items with no fewer bytes than they are put in with, and media apart', () => {
  const image = { ...item('look'), content: [{ type: 'input_image', image_url: `data:image/png;base64,${MEDIA}` }] }
  const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
  const row = rowWith(1, [item('hi'), image, ...Array(50).fill(call)], 7)
  expect(row.traits.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThanOrEqual(row.bytes)
  expect(row.sealedChars).toBe(7)
  expect(row.mediaChars).toBeGreaterThan(MEDIA.length * 0.9)
  expect(row.mediaChars).toBeLessThan(row.chars)
  expect(rowWith(1, [item('hi')], 7).mediaChars).toBe(0)
})

it('says why items cannot be said in chat', () => {
  expect(sayable([{ type: 'web_search_call', id: 'ws_1' }])).toMatchObject({
    fault: expect.stringContaining('web_search'),
  })
})

it('counts what is said, and files by no more than they cost', () => {
  expect(tokensOf(item('x'.repeat(4000)))).toBeGreaterThan(500)
  const image = {
    ...item(''),
    content: [{ type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(1_000_000)}` }],
  }
  expect(tokensOf(image)).toBeLessThan(3000)
  expect(tokensOf({ type: 'function_call', arguments: '{"a":1}' })).toBeGreaterThan(0)
})
