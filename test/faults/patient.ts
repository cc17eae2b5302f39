/** A Sluice whose clocks never interfere, with one alias, one provider and one tenant of the same name a case. */

import { expect } from 'vitest'
import type { UsageRecord } from '../../src/core/usage-record.ts'
import type { Exchange } from '../support/http-client.ts'
import type { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'
import { chat } from '../support/wire.ts'

const PATIENT = { firstTokenMs: 60_000, idleMs: 60_000, totalMs: 120_000 }

/** The cases of one file over one Sluice. */
export interface Cases {
  readonly sluice: TestSluice
  begin(name: string, stream: boolean): Exchange
  /** The one row of a case's one request. */
  onlyRow(name: string): Promise<UsageRecord>
}

/** Starts Sluice for these cases. */
export async function patientSluice(origin: ScriptedOrigin, names: readonly string[]): Promise<Cases> {
  const each = <T>(make: (name: string) => T): Record<string, T> =>
    Object.fromEntries(names.map((name) => [name, make(name)]))
  const sluice = await setUp({
    config: {
      providers: each((name) => ({ protocol: 'openai', baseUrl: origin.url(name) })),
      models: each((name) => ({ targets: [{ provider: name, model: 'm' }], timeouts: PATIENT })),
    },
    tenants: names.map((id) => ({ id })),
  })
  return {
    sluice,
    begin: (name, stream) => sluice.begin(sluice.keyOf(name).key, '/v1/chat/completions', chat(name, stream)),
    onlyRow: async (name) => {
      const row = await eventually(`a row of ${name}`, ROW_MS, async () => (await sluice.rows(name))[0])
      expect(await sluice.rows(name)).toHaveLength(1)
      return row
    },
  }
}
