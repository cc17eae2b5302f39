/** A trace of requests to a language model: when each came, and how many tokens its prompt and its answer had. No I/O. */

/** One line of a trace. */
export interface Arrival {
  /** Since the first one, ms. */
  readonly atMs: number
  readonly promptTokens: number
  readonly outputTokens: number
}

/** Column names, as the public Azure traces have them. */
const HEADER = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens']

/** Reads a trace; throws an Error that names the line where it is not one. In order of arrival. */
export function parseTrace(text: string): Arrival[] {
  const [header = '', ...lines] = text.trim().split(/\r?\n/)
  if (header.trim() !== HEADER.join(',')) throw new Error(`a trace begins with the line ${HEADER.join(',')}`)
  const arrivals = lines.map((line, index) => {
    const [time = '', prompt = '', output = ''] = line.split(',')
    const [atMs, promptTokens, outputTokens] = [parseTime(time), Number(prompt), Number(output)]
    const isBad = [atMs, promptTokens, outputTokens].some((value) => !(value >= 0)) || prompt === '' || output === ''
    if (isBad) throw new Error(`line ${index + 2} of the trace is not one: ${line}`)
    return { atMs, promptTokens, outputTokens }
  })
  if (arrivals.length === 0) throw new Error('the trace is empty')
  arrivals.sort((one, other) => one.atMs - other.atMs)
  const firstMs = arrivals[0]?.atMs ?? 0
  return arrivals.map((arrival) => ({ ...arrival, atMs: arrival.atMs - firstMs }))
}

/** `2023-11-16 18:15:46.6805900`, UTC where it does not say otherwise; to the millisecond. */
function parseTime(text: string): number {
  const [, date, time, fraction = '', zone = ''] =
    /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})?$/.exec(text.trim()) ?? []
  return Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone === '' ? 'Z' : zone}`)
}
