/** Signing by Standard Webhooks 1.0 (standardwebhooks.com), which OpenAI's webhooks follow, too. No I/O. */
import { fromBase64, hmac, hmacKey, toBase64 } from './hash.ts'

const PREFIX = 'whsec_'

/** A secret in the form that receivers are given. */
export function webhookSecret(bytes: Uint8Array): string {
  return PREFIX + toBase64(bytes)
}

/** The headers that let a receiver verify a body; one signature for each secret, so that a rotation is not noticed. */
export async function webhookHeaders(
  secrets: readonly string[],
  id: string,
  atMs: number,
  body: string,
): Promise<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(Math.floor(atMs / 1000))
  const signatures = await Promise.all(secrets.map((secret) => signature(secret, `${id}.${timestamp}.${body}`)))
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

async function signature(secret: string, text: string): Promise<string> {
  const bytes = secret.startsWith(PREFIX) ? fromBase64(secret.slice(PREFIX.length)) : null
  // Never with what is in it.
  if (bytes === null || bytes.byteLength === 0) throw new Error('it is not a webhook secret')
  return `v1,${toBase64(await hmac(await hmacKey(bytes), text))}`
}
