/** The load's process: takes jobs over IPC, one at a time, and answers with what it measured. */
import { loadStreams } from './load-streams.ts'
import { loadWhole } from './load-whole.ts'
import type { StreamsJob, WholeJob } from './types.ts'

process.on('message', async (job: WholeJob | StreamsJob) => {
  process.send?.(job.kind === 'whole' ? await loadWhole(job) : await loadStreams(job))
})
process.on('disconnect', () => process.exit())
