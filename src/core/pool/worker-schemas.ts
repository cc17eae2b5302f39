/** What the admin API takes and shows of the tokens of a pool's workers. No I/O. */
import { z } from 'zod'
import { keyInputSchema } from '../admin-schemas.ts'

const instant = z.string().describe('RFC 3339, UTC')

export const workerInputSchema = keyInputSchema.pick({ name: true, expiresAt: true })

export const workerViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  state: z.enum(['active', 'expired', 'revoked']),
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastSeenAt: instant.nullable().describe('Of its last connection, to the minute'),
})

export const newWorkerViewSchema = z.object({ id: z.string(), token: z.string().describe('Shown this once') })

export type WorkerView = z.output<typeof workerViewSchema>
