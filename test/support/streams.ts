/** What tests of streams begin with. */
import type { StreamAbout } from '../../src/core/streams/types.ts'
import type { Sealer } from '../../src/objects/stream.ts'

/** What is kept of a run beside its events. */
export const aboutOf = (more: Partial<StreamAbout> = {}): StreamAbout => ({
  id: 'strm_1',
  place: { id: 'acme', generation: 'g' },
  cacheSecret: null,
  path: '/v1/chat/completions',
  alias: 'chat',
  requestId: 'r',
  key: 'key00001',
  bodyChars: 10,
  startedAtMs: 0,
  isBackground: false,
  whenDeserted: 'run',
  keptMs: null,
  webhook: null,
  digest: null,
  ...more,
})

/** Seals by wrapping, so that a test sees what is kept under which name. */
export const sealer: Sealer = {
  seal: async (key, value) => JSON.stringify([key, value]),
  async open(key, sealed) {
    const [of, value] = JSON.parse(sealed) as [string, string]
    if (of !== key) throw new Error('it does not open')
    return value
  },
}
