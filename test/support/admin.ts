/** The admin API as a caller in workerd meets it: the whole Worker, real objects. */
import { env } from 'cloudflare:test'
import { exports } from 'cloudflare:workers'

/** A reply, read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies whose shape is what they test.
  readonly body: any
}

/** Calls the admin API with its token; a body goes as JSON. */
export async function admin(call: `${string} /${string}`, body?: unknown): Promise<Answer> {
  const [method = '', path = ''] = call.split(/ (.*)/s)
  const token = (env as unknown as { SLUICE_ADMIN_TOKEN: string }).SLUICE_ADMIN_TOKEN
  const reply = await exports.default.fetch(`http://sluice.test/admin${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  return { status: reply.status, headers: reply.headers, body: text === '' ? undefined : JSON.parse(text) }
}

let made = 0

/** Makes a tenant of a name no other test has. */
export async function newTenant(more: Record<string, unknown> = {}): Promise<string> {
  const id = `t-${++made}-${crypto.randomUUID().slice(0, 8)}`
  const { status, body } = await admin('POST /tenants', { id, name: 'Test', ...more })
  if (status !== 201) throw new Error(`no tenant: ${status} ${JSON.stringify(body)}`)
  return id
}
