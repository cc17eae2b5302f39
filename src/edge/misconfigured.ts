/** What a deployment with a missing or malformed variable answers: alive, and otherwise which variable it is. */
import { Hono } from 'hono'
import { refusal } from '../core/errors.ts'
import type { SettingsFault } from '../core/settings.ts'
import { errorReply } from './error-reply.ts'
import { commonHeaders } from './headers.ts'
import { health } from './health.ts'

/** Answers `/health`, and 503 to everything else. Names the variable, never its value. */
export function misconfiguredApp({ variable, message }: SettingsFault): Hono {
  const app = new Hono()
  const refused = refusal('misconfigured', `${variable} ${message}. The operator must set it and deploy again.`)
  app.get('/health', health)
  app.all('*', (c) => errorReply(refused, commonHeaders(c.req.raw.headers)))
  return app
}
