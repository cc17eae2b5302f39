/** The outbox of audit entries: in order, in batches, until they have arrived. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { AuditEntry } from '../../src/core/control.ts'
import { OUTBOX_BATCH_MAX } from '../../src/core/limits.ts'
import { migrate } from '../../src/objects/sql.ts'
import { AUDIT_SCHEMA, AuditOutbox } from '../../src/objects/vectors-audit.ts'

const entry = (id: string): AuditEntry => ({ id, at: '2026-11-20T00:00:00Z', actor: 'a', action: 'x.y', subject: 's' })

it('delivers everything, the oldest first, and keeps what did not arrive', () =>
  runInDurableObject(env.INDEX.get(env.INDEX.idFromName('outbox')), async (_, { storage }) => {
    migrate(storage, [AUDIT_SCHEMA])
    const told: string[][] = []
    const directory = { appendAudit: (_entries: AuditEntry[]) => Promise.resolve() }
    const stub = {
      appendAudit(entries: AuditEntry[]) {
        told.push(entries.map(({ id }) => id))
        return directory.appendAudit(entries)
      },
    }
    const namespace = { idFromName: () => 'id', get: () => stub } as unknown as Env['DIRECTORY']
    const outbox = new AuditOutbox(storage.sql, namespace)
    await outbox.deliver()
    expect([outbox.isEmpty, told]).toEqual([true, []])

    for (let index = 0; index <= OUTBOX_BATCH_MAX; index++) outbox.enqueue(entry(`e${index}`))
    directory.appendAudit = () => Promise.reject(new Error('out of reach'))
    await expect(outbox.deliver()).rejects.toThrow('out of reach')
    expect(outbox.isEmpty).toBe(false)

    directory.appendAudit = () => Promise.resolve()
    await outbox.deliver()
    expect(outbox.isEmpty).toBe(true)
    expect(told.map((ids) => [ids.length, ids[0]])).toEqual([
      [OUTBOX_BATCH_MAX, 'e0'],
      [OUTBOX_BATCH_MAX, 'e0'],
      [1, `e${OUTBOX_BATCH_MAX}`],
    ])
  }))
