/** A tenant with templates and users in memory, for the stage that makes frames. */
import type { FrameCaller, FrameServices } from '../../src/compose/types.ts'
import type { KeptProfile, KeptTemplate, Profile, Template } from '../../src/core/prompts/types.ts'
import { RefreshedMap } from '../../src/core/refreshed-map.ts'
import { VaultError } from '../../src/core/sealed.ts'
import type { CacheKeyring } from '../../src/vault/types.ts'
import { tenantOf } from './control-plane.ts'
import { manualClock } from './manual-clock.ts'

export const callerOf = (profileTemplate?: string): FrameCaller => ({
  tenantId: 'acme',
  generation: 'g1',
  tenant: tenantOf('acme', profileTemplate === undefined ? {} : { profileTemplate }),
  cacheSecret: null,
})

/** What is sealed is told by its key: opened with another, it fails. */
const seal = (key: string, profile: Profile): string => `${JSON.stringify(key)}|${JSON.stringify(profile)}`

/** Template names to their versions, oldest first; users to their profiles. */
export function framing(
  templates: Readonly<Record<string, readonly Template[]>> = {},
  users: Readonly<Record<string, Profile | string>> = {},
) {
  const clock = manualClock()
  const asked: string[] = []
  const down = { prompts: false, users: false }
  const ages = { refreshMinMs: 4000, refreshMaxMs: 6000, freshMs: 9000, staleMs: 30_000, deadlineMs: 2000 }
  const by = { ...ages, clock, random: () => 0, background: () => {}, bytesMax: 1_000_000, bytesOf: () => 100 }
  const services: FrameServices = {
    prompts: {
      async template({ id, generation }, name, version) {
        asked.push(`${id}.${generation} ${name}@${version ?? 'newest'}`)
        if (down.prompts) throw new Error('out of reach')
        const all = templates[name] ?? []
        const number = version ?? all.length
        const template = all[number - 1]
        return template === undefined
          ? null
          : { version: number, at: 'now', actor: 'admin', rollbackOf: null, template }
      },
    },
    users: {
      async profile({ id, generation }, user) {
        asked.push(`${id}.${generation} user ${user}`)
        if (down.users) throw new Error('out of reach')
        const profile = users[user]
        if (profile === undefined) return null
        const sealed = typeof profile === 'string' ? profile : seal(`profile\n${user}`, profile)
        return { sealed, updatedAtMs: 0 }
      },
    },
    cacheKeys: {
      keysOf: () =>
        ({
          open: async (key: string, sealed: string) => {
            const [of = '', text = ''] = sealed.split(/\|(.*)/s)
            if (of !== JSON.stringify(key)) throw new VaultError('it does not open')
            return text
          },
        }) as unknown as CacheKeyring,
    },
    templates: new RefreshedMap<KeptTemplate>(by),
    profiles: new RefreshedMap<KeptProfile>(by),
  }
  return { services, clock, asked, down }
}
