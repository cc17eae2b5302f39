/** The burst: asked for in one moment each way, and judged against the direct way. */
import { expect, it } from 'vitest'
import { burstRun, burstVerdicts } from '../../../scripts/bench/burst.ts'
import type { Load } from '../../../scripts/bench/lanes.ts'
import type { Contender, StreamsJob } from '../../../scripts/bench/types.ts'

const result = { streams: 2, failures: 0, eventsLost: 0, firstMs: 5, firstMaxMs: 900, gapP50Ms: 20, gapP99Ms: 25 }
const contender = (name: Contender['name'], port: number): Contender => ({ name, port, headers: {}, pid: 1 })

it('begins all at once, by the direct way first', async () => {
  const jobs: StreamsJob[] = []
  const load = (async (job: StreamsJob) => {
    jobs.push(job)
    return result
  }) as unknown as Load
  const options = { streamsAtOnce: 2, progress: () => {} }
  await burstRun({ direct: contender('direct', 1), detached: contender('detached', 2) }, load, options)
  expect(jobs).toMatchObject([
    { port: 1, atOnce: 2, inAll: 2, isBurst: true },
    { port: 2, atOnce: 2, inAll: 2, isBurst: true },
  ])
})

it.each([
  [{}, [true, true, true, true]],
  [{ firstMaxMs: 1001 }, [false, true, true, true]],
  [{ gapP99Ms: 76 }, [true, false, true, true]],
  [{ eventsLost: 1 }, [true, true, false, true]],
  [{ failures: 1 }, [true, true, true, false]],
])('%j is judged', (more, expected) =>
  expect(burstVerdicts({ direct: result, detached: { ...result, ...more } }).map(({ ok }) => ok)).toEqual(expected),
)
