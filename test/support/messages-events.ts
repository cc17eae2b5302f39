/** Reads Anthropic event streams as their clients do: strict about the order of events, and blind to how they are cut. */
export type Json = Readonly<Record<string, unknown>>

/** The events of SSE text. Each must be whole, and named by its type. */
export function eventsOf(text: string): Json[] {
  if (text === '') return []
  if (!text.endsWith('\n\n')) throw new Error('the last event is not whole')
  return text
    .slice(0, -2)
    .split('\n\n')
    .map((one) => {
      const [name, data, ...more] = one.split('\n')
      const event = JSON.parse(data?.replace(/^data: /, '') ?? '') as Json
      if (more.length > 0 || name !== `event: ${event.type}`) throw new Error(`not an event: ${one}`)
      return event
    })
}

interface Block extends Record<string, unknown> {
  type: string
}

/** The message that events come to. `input` of a call is what its JSON says; text that is none stays text. */
export function accumulated(events: readonly Json[]): Json {
  const [start, ...rest] = events.filter(({ type }) => type !== 'ping')
  if (start?.type !== 'message_start') throw new Error('does not begin with message_start')
  const message = { ...(start.message as Json) }
  const content: Block[] = []
  let input = ''
  let open = -1
  let standing: 'blocks' | 'delta' | 'stop' = 'blocks'
  const expect = (isSo: boolean, event: Json): void => {
    if (!isSo) throw new Error(`out of order: ${JSON.stringify(event)}`)
  }
  for (const event of rest) {
    const block = content[open]
    switch (event.type) {
      case 'content_block_start':
        expect(standing === 'blocks' && open === -1 && event.index === content.length, event)
        content.push({ ...(event.content_block as Block) })
        open = content.length - 1
        input = ''
        break
      case 'content_block_delta': {
        expect(standing === 'blocks' && event.index === open && block !== undefined, event)
        const { type, ...said } = event.delta as Json
        if (type === 'input_json_delta') input += said.partial_json
        else for (const [name, text] of Object.entries(said)) if (block) block[name] = `${block[name] ?? ''}${text}`
        break
      }
      case 'content_block_stop':
        expect(standing === 'blocks' && event.index === open, event)
        if (block?.type === 'tool_use' && input.trim() !== '') block.input = parsed(input)
        open = -1
        break
      case 'message_delta':
        expect(standing === 'blocks' && open === -1, event)
        standing = 'delta'
        Object.assign(message, event.delta)
        message.usage = { ...(message.usage as Json), ...(event.usage as Json) }
        break
      default:
        expect(event.type === 'message_stop' && standing === 'delta', event)
        standing = 'stop'
    }
  }
  if (standing !== 'stop') throw new Error('does not end with message_stop')
  return { ...message, content }
}

const parsed = (input: string): unknown => {
  try {
    return JSON.parse(input)
  } catch {
    return { INVALID_JSON: input }
  }
}
