/** A form on its way through: what is held and for how long, what goes on, and how it breaks. */
import { describe, expect, it } from 'vitest'
import { REQUEST_BODY_BYTES_MAX } from '../../src/core/limits.ts'
import { BodyBudget } from '../../src/edge/body.ts'
import { beginForm, FormUpload } from '../../src/edge/form-upload.ts'

const UTF8 = new TextEncoder()
const field = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const END = '--b--\r\n'

/** A form in the test's hand. */
async function begun(first: string, declaredBytes?: number, isAll = false) {
  const seen = { cancelled: false }
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start(made) {
      controller = made
      made.enqueue(UTF8.encode(first))
      if (isAll) made.close()
    },
    cancel() {
      seen.cancelled = true
    },
  })
  const headers: Record<string, string> = declaredBytes === undefined ? {} : { 'content-length': String(declaredBytes) }
  const background: Promise<unknown>[] = []
  const request = new Request('https://sluice.test/', { method: 'POST', body, headers })
  const upload = await beginForm(new BodyBudget(), request, 'b', (work) => background.push(work))
  return { upload, seen, background, send: (text: string) => controller?.enqueue(UTF8.encode(text)), controller }
}

async function taken(first: string, declaredBytes?: number) {
  const at = await begun(first, declaredBytes)
  if (!(at.upload instanceof FormUpload)) throw new Error(at.upload.message)
  const body = at.upload.take('target')
  return { ...at, upload: at.upload, reader: body.getReader() }
}

/** All that comes; what it breaks with is thrown. */
async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const text = new TextDecoder()
  let all = ''
  for (;;) {
    const { value } = await reader.read()
    if (value === undefined) return all
    all += text.decode(value, { stream: true })
  }
}

describe('a form', () => {
  const whole = field('a', 'ä') + field('model', 'alias') + field('file', 'x') + END

  it.each([
    ['of a known length', UTF8.encode(whole).length],
    ['of an unknown one', undefined],
  ])('%s goes on with the target’s model in it', async (_what, declaredBytes) => {
    const { upload, reader, send, controller, background } = await taken(whole.slice(0, 130), declaredBytes)
    expect(upload).toMatchObject({ model: 'alias', contentType: 'multipart/form-data; boundary=b', isTaken: true })
    send(whole.slice(130))
    controller?.close()
    expect(await rest(reader)).toBe(whole.replace('alias', 'target'))
    await Promise.all(background)
    expect([upload.fault, upload.broken.aborted]).toEqual([null, false])
  })

  it('is on its way before its end has come', async () => {
    const { reader, send } = await taken(field('model', 'alias') + field('file', 'x').slice(0, 10))
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toContain('model')
    send('more')
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('target')
  })

  it('that nobody takes is given up', async () => {
    const { upload, seen } = await begun(field('model', 'alias') + END)
    if (!(upload instanceof FormUpload)) throw new Error('refused')
    upload.stop()
    upload.stop()
    expect(upload.isTaken).toBe(false)
    expect(seen.cancelled).toBe(true)
  })

  it('is not read on when its target hangs up', async () => {
    const { upload, reader, send, seen, background } = await taken(field('model', 'alias') + field('file', 'x'))
    await reader.cancel()
    send('more')
    await Promise.all(background)
    expect(seen.cancelled).toBe(true)
    expect(upload.fault).toBeNull()
  })

  it.each([
    ['none', field('a', 'b') + END, "no field 'model'"],
    ['two', field('model', 'a') + field('model', 'b') + END, 'more than one'],
    ['no field at all', 'model=alias', 'cannot be read'],
  ])('with %s is refused', async (_what, text, message) => {
    const at = await begun(text, undefined, true)
    expect(at.upload).toMatchObject({
      code: 'invalid_request',
      param: 'model',
      message: expect.stringContaining(message),
    })
  })
})

describe('what breaks it', () => {
  it.each([
    ['a second model', field('model', 'other'), 'invalid_request'],
    ['more than a body may have', 'x'.repeat(REQUEST_BODY_BYTES_MAX), 'request_too_large'],
  ])('%s', async (_what, more, code) => {
    const { upload, reader, send, background } = await taken(field('model', 'alias') + field('file', 'x'))
    const reading = rest(reader)
    send(more)
    await expect(reading).rejects.toThrow()
    await Promise.all(background)
    expect(upload.fault).toMatchObject({ code })
    expect(upload.broken.aborted).toBe(true)
  })

  it('a client that leaves', async () => {
    const { upload, reader, controller, background } = await taken(field('model', 'alias') + field('file', 'x'))
    const reading = rest(reader)
    controller?.error(new Error('gone'))
    await expect(reading).rejects.toThrow()
    await Promise.all(background)
    expect([upload.fault, upload.broken.aborted]).toEqual(['left', true])
  })

  it('a client that leaves before its model has come', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) })
    const request = new Request('https://sluice.test/', { method: 'POST', body })
    await expect(beginForm(new BodyBudget(), request, 'b', () => {})).rejects.toThrow('gone')
  })
})
