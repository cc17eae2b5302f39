/** The load's process: takes jobs over IPC, one at a time, and answers with what it measured. */
import { loadOpen } from './load-open.ts'
import { loadStreams } from './load-streams.ts'
import { loadWhole } from './load-whole.ts'
import type { OpenJob, StreamsJob, WholeJob } from './types.ts'

process.on('message', async (job: WholeJob | StreamsJob | OpenJob) => {
  process.send?.(await run(job))
})
process.on('disconnect', () => process.exit())

function run(job: WholeJob | StreamsJob | OpenJob): Promise<object> {
  if (job.kind === 'whole') return loadWhole(job)
  return job.kind === 'open' ? loadOpen(job) : loadStreams(job)
}
