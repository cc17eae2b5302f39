/** Blocks of a stream: thinking signed by whom it came from, calls told apart, and never a word lost. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessagesEncoder } from '../../../src/edge/messages/encode-events.ts'
import { markOf, readMark } from '../../../src/edge/messages/mark.ts'
import { toAnthropicId } from '../../../src/edge/messages/tool-ids.ts'
import {
  begin,
  chunk,
  contentFrom,
  end,
  HEADING,
  messageFrom,
  piece,
  thought,
  typesOf,
  used,
  wholeFrom,
} from '../../support/messages-chunks.ts'
import type { Json } from '../../support/messages-events.ts'

describe('thinking', () => {
  const detail = (text: string, signature: string): Json =>
    chunk({ reasoning_details: [{ type: 'reasoning.text', format: 'anthropic', text, signature }] })
  const encrypted = chunk({ reasoning_details: [{ type: 'reasoning.encrypted', format: 'anthropic', data: 'd' }] })
  const OURS = markOf(new Map())

  it('is signed as Anthropic signed it, block by block', () => {
    const chunks = [
      chunk({ reasoning_content: 'a' }),
      chunk({ reasoning_content: 'b' }),
      detail('ab', 's'),
      encrypted,
      detail('', 't'),
      chunk({ reasoning_content: 'c' }),
      detail('c', 'u'),
      chunk({ content: 'x' }),
    ]
    const expected = [
      { type: 'thinking', thinking: 'ab', signature: 's' },
      { type: 'redacted_thinking', data: 'd' },
      { type: 'thinking', thinking: '', signature: 't' },
      { type: 'thinking', thinking: 'c', signature: 'u' },
      { type: 'text', text: 'x' },
    ]
    expect(contentFrom(...chunks)).toEqual(expected)
    expect(wholeFrom(chunks).content).toEqual(expected)
  })

  it('is never signed for another text, nor told twice', () => {
    const ours = { type: 'thinking', thinking: 'ab', signature: OURS }
    expect(contentFrom(chunk({ reasoning: 'ab' }), detail('a', 's'), detail('b', 't'))).toEqual([ours])
    const text = { type: 'text', text: 'x' }
    expect(contentFrom(chunk({ reasoning: 'ab' }), chunk({ content: 'x' }), detail('ab', 's'))).toEqual([ours, text])
  })

  it('is signed where it waits, too', () => {
    const content = contentFrom(begin(0, 'a', 't', '{'), chunk({ reasoning: 'b' }), detail('b', 's'), piece(0, '}'))
    expect(content).toMatchObject([{ type: 'tool_use' }, { type: 'thinking', thinking: 'b', signature: 's' }])
  })

  it('that is Anthropic’s is told after a mark that has no words', () => {
    const content = contentFrom(begin(0, 'a', 't', '{}', thought('s1')), detail('b', 's'))
    expect(content).toMatchObject([{ thinking: '' }, { type: 'tool_use' }, { thinking: 'b', signature: 's' }])
  })

  it('that was not told before is told with its signature', () => {
    expect(contentFrom(detail('a', 's'), chunk({ reasoning: 'b' }))).toEqual([
      { type: 'thinking', thinking: 'a', signature: 's' },
      { type: 'thinking', thinking: 'b', signature: OURS },
    ])
  })

  it('of other formats is text alone', () => {
    const other = { reasoning: 'a', reasoning_details: [{ type: 'reasoning.text', text: 'a', format: 'unknown' }] }
    expect(contentFrom(chunk(other))).toEqual([{ type: 'thinking', thinking: 'a', signature: OURS }])
  })

  it('carries the signatures of calls', () => {
    const chunks = [
      chunk({ reasoning_content: 'hm' }),
      begin(0, 'a', 't', '{}', thought('s1')),
      begin(1, 'b', 't', '{}', thought('s2')),
      begin(2, 'c', 't', '{}'),
    ]
    const content = contentFrom(...chunks)
    expect(content.map(({ type, signature }) => [type, ...readMark(signature)])).toEqual([
      ['thinking', ['a', 's1']],
      ['tool_use'],
      ['thinking', ['b', 's2']],
      ['tool_use'],
      ['tool_use'],
    ])
    expect(content).toEqual(wholeFrom(chunks).content)
  })

  it('carries them beside thinking that Anthropic signed', () => {
    const content = contentFrom(detail('a', 's'), begin(0, 'b', 't', '{}', thought('s1')))
    expect(content.map(({ type, signature }) => [type, signature])).toEqual([
      ['thinking', 's'],
      ['thinking', markOf(new Map([['b', 's1']]))],
      ['tool_use', undefined],
    ])
  })

  it('carries them even where they come late', () => {
    const content = contentFrom(begin(0, 'a', 't', '{'), piece(0, '}', thought('s')), end('tool_calls'))
    expect(content.map(({ type, signature }) => [type, ...readMark(signature)])).toEqual([
      ['tool_use'],
      ['thinking', ['a', 's']],
    ])
  })
})

describe('calls', () => {
  const call = (id: string, input: unknown, name = 't') => ({ type: 'tool_use', id: toAnthropicId(id), name, input })

  it.each<[string, Json[], Json[]]>([
    ['one after the other', [begin(0, 'a'), piece(0, '{"x":1}'), begin(1, 'b'), piece(1, '{}')], [{ x: 1 }, {}]],
    ['counted from 1', [begin(1, 'a'), piece(1, '{"x":1}'), begin(2, 'b'), piece(2, '{"y":2}')], [{ x: 1 }, { y: 2 }]],
    ['not counted', [begin(undefined, 'a', 't', '{}'), begin(undefined, 'b', 't', '{"y":2}')], [{}, { y: 2 }]],
    ['all counted 0', [begin(0, 'a', 't', '{"x":1}'), begin(0, 'b', 't', '{"y":2}')], [{ x: 1 }, { y: 2 }]],
    [
      'an id on every piece',
      [begin(0, 'a', 't', '{"x"'), piece(0, ':1}', { id: 'zz' }), begin(1, 'b')],
      [{ x: 1 }, {}],
    ],
    [
      'an empty id on later ones',
      [begin(0, 'a', 't', '{"x"'), piece(0, ':1}', { id: '' }), begin(1, 'b')],
      [{ x: 1 }, {}],
    ],
    [
      'side by side',
      [begin(0, 'a'), begin(1, 'b'), piece(1, '{"y"'), piece(0, '{"x"'), piece(1, ':2}'), piece(0, ':1}')],
      [{ x: 1 }, { y: 2 }],
    ],
    ['without arguments', [begin(0, 'a'), begin(1, 'b')], [{}, {}]],
  ])('%s', (_, chunks, [first, second]) => {
    const all = [...chunks, end('tool_calls')]
    const content = [call('a', first), call('b', second)]
    expect(messageFrom(all)).toMatchObject({ content, stop_reason: 'tool_use' })
    expect(wholeFrom(all)).toMatchObject({ content, stop_reason: 'tool_use' })
  })

  it('shows arguments as they come, and the next call once the first is complete', () => {
    const encoder = new MessagesEncoder(HEADING)
    const types = [begin(0, 'a', 't', '{"x":'), piece(0, '1}'), begin(1, 'b'), piece(1, '{'), piece(1, '}')].map(
      (one) => typesOf(encoder.chunk(one)).filter((type) => type !== 'message_start' && type !== 'ping'),
    )
    expect(types).toEqual([
      ['content_block_start', 'content_block_delta'],
      ['content_block_delta'],
      ['content_block_stop', 'content_block_start'],
      ['content_block_delta'],
      ['content_block_delta'],
    ])
  })

  it('text and thinking wait for a call to be complete', () => {
    const chunks = [
      begin(0, 'a', 't', '{'),
      chunk({ content: 'x' }),
      chunk({ content: 'y' }),
      chunk({ reasoning: 'z' }),
    ]
    expect(contentFrom(...chunks, piece(0, '"a":1}'), end('tool_calls'))).toEqual([
      call('a', { a: 1 }),
      { type: 'text', text: 'xy' },
      { type: 'thinking', thinking: 'z', signature: markOf(new Map()) },
    ])
  })

  it('waits for a name, and takes an id that comes with it', () => {
    const chunks = [piece(0, '{"x"'), begin(0, 'a', 'late', ':1'), piece(0, '}'), end('tool_calls')]
    expect(contentFrom(...chunks)).toEqual([call('a', { x: 1 }, 'late')])
    expect(wholeFrom(chunks).content).toEqual([call('a', { x: 1 }, 'late')])
    expect(contentFrom(piece(0, '{}'))).toEqual([call('toolu_0a1b0', {}, '')])
  })

  it('keeps the id that it was shown with', () => {
    const [shown, mark] = contentFrom(begin(0, '', 't', '{'), piece(0, '}', { id: 'late', ...thought('s') }))
    expect(shown).toMatchObject({ id: 'toolu_0a1b0', input: {} })
    expect([...readMark(mark?.signature)]).toEqual([['toolu_0a1b0', 's']])
  })

  it('one without a name holds up no words', () => {
    const chunks = [chunk({ reasoning: 'a' }), piece(0, '{}'), chunk({ reasoning: 'b' })]
    const signed = { type: 'reasoning.text', format: 'anthropic', text: 'ab', signature: 's' }
    expect(contentFrom(...chunks, chunk({ reasoning_details: [signed] }))).toMatchObject([
      { type: 'thinking', thinking: 'ab', signature: 's' },
      { type: 'tool_use', name: '' },
    ])
  })

  it('leaves one that was cut off as it is', () => {
    const cut = messageFrom([begin(0, 'a', 't', '{"path": "a.t'), end('length')])
    expect(cut).toMatchObject({ stop_reason: 'max_tokens', content: [call('a', { INVALID_JSON: '{"path": "a.t' })] })
  })
})

describe('any stream', () => {
  const words = fc.string({ unit: 'binary', maxLength: 30 })
  const call = fc.record({
    id: fc.string({ minLength: 1, maxLength: 12 }),
    name: fc.string({ minLength: 1, maxLength: 12 }),
    args: fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 1 })).map((args) => JSON.stringify(args)),
    signature: fc.option(fc.string({ maxLength: 5 })),
  })
  const stream = fc.record({
    reasoning: words,
    content: words,
    calls: fc.uniqueArray(call, { maxLength: 4, selector: ({ id }) => id }),
    size: fc.integer({ min: 1, max: 9 }),
    order: fc.infiniteStream(fc.nat(1000)),
    isAside: fc.boolean(),
  })
  const piecesOf = (text: string, size: number): string[] => {
    const pieces: string[] = []
    for (let at = 0; at < text.length; at += size) pieces.push(text.slice(at, at + size))
    return pieces
  }

  it('says what the whole reply says, however it is cut and its calls are mixed', () => {
    fc.assert(
      fc.property(stream, ({ reasoning, content, calls, size, order, isAside }) => {
        const queues = calls.map(({ id, name, args, signature }, index) => [
          begin(index, id, name, '', signature === null ? {} : thought(signature)),
          ...piecesOf(args, size).map((text) => piece(index, text)),
        ])
        const mixed: Json[] = isAside ? [] : queues.flat()
        // Each call begins in its turn; then any of them may go on.
        if (isAside) mixed.push(...queues.flatMap((queue) => queue.splice(0, 1)))
        while (isAside && queues.some((queue) => queue.length > 0)) {
          const open = queues.filter((queue) => queue.length > 0)
          mixed.push(...(open[order.next().value % open.length]?.splice(0, 1) ?? []))
        }
        const chunks = [
          ...piecesOf(reasoning, size).map((text) => chunk({ reasoning_content: text })),
          ...piecesOf(content, size).map((text) => chunk({ content: text })),
          ...mixed,
          end(calls.length > 0 ? 'tool_calls' : 'stop'),
          used(5, 6),
        ]
        expect(messageFrom(chunks)).toEqual(wholeFrom(chunks))
      }),
    )
  })
})
