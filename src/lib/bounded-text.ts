/** A body read as text, up to a bound. No I/O of its own. */

/** The whole of a body, decoded as UTF-8; null when it has more bytes than that, and no more of it is read. */
export async function boundedText(body: ReadableStream<Uint8Array> | null, bytesMax: number): Promise<string | null> {
  const decoder = new TextDecoder()
  let bytes = 0
  let text = ''
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > bytesMax) return null
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
