/** Finds where an HTTP/1.1 reply ends. No I/O. */

const HEAD_END = '\r\n\r\n'
const LAST_CHUNK = '\r\n0\r\n\r\n'

/** Reads one reply after the other from a connection that has one request in flight. */
export class ReplyReader {
  /** Of the reply that is being read, or was read last. */
  status = 0
  /** Its status line and headers. */
  head = ''
  /** Has any of its body arrived? */
  hasBody = false
  #head: Buffer | undefined
  #inBody = false
  /** Bytes of the body still to come; undefined when it is chunked. */
  #left: number | undefined
  #tail = ''

  /** Takes what arrived; true when the reply is complete, and the next one may be asked for. */
  push(chunk: Buffer): boolean {
    const body = this.#inBody ? chunk : this.#readHead(chunk)
    if (body === undefined) return false
    if (body.length > 0) this.hasBody = true
    const complete = this.#left === undefined ? this.#endsChunks(body) : this.#countDown(this.#left, body.length)
    if (complete) this.#inBody = false
    return complete
  }

  #readHead(chunk: Buffer): Buffer | undefined {
    const head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk])
    const end = head.indexOf(HEAD_END)
    this.#head = end < 0 ? head : undefined
    if (end < 0) return undefined
    const text = head.toString('latin1', 0, end)
    this.head = text
    this.status = Number(text.slice(9, 12))
    const length = /\r\ncontent-length: *(\d+)/i.exec(text)?.[1]
    this.#left = length === undefined ? undefined : Number(length)
    // The chunk that ends the body may be the first: its line break is then the head's.
    this.#tail = '\r\n'
    this.#inBody = true
    this.hasBody = false
    return head.subarray(end + HEAD_END.length)
  }

  #countDown(left: number, arrived: number): boolean {
    this.#left = left - arrived
    return this.#left <= 0
  }

  // Our replies are JSON and hold no bare CR LF: what looks like the last chunk is the last chunk.
  #endsChunks(body: Buffer): boolean {
    const from = Math.max(0, body.length - LAST_CHUNK.length)
    this.#tail = (this.#tail + body.toString('latin1', from)).slice(-LAST_CHUNK.length)
    return this.#tail === LAST_CHUNK
  }
}
