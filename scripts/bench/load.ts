/** The load's process: takes jobs over IPC, one at a time, and answers with what it measured. */
import { loadChats } from './load-chats.ts'
import { loadCrowd } from './load-crowd.ts'
import { loadOpen } from './load-open.ts'
import { loadRecall } from './load-recall.ts'
import { loadStreams } from './load-streams.ts'
import { loadWhole } from './load-whole.ts'
import type { ChatsJob, CrowdJob } from './pool-types.ts'
import type { OpenJob, RecallJob, StreamsJob, WholeJob } from './types.ts'

type Job = WholeJob | StreamsJob | OpenJob | RecallJob | ChatsJob | CrowdJob

process.on('message', async (job: Job) => {
  process.send?.(await run(job))
})
process.on('disconnect', () => process.exit())

function run(job: Job): Promise<object> {
  switch (job.kind) {
    case 'whole':
      return loadWhole(job)
    case 'streams':
      return loadStreams(job)
    case 'open':
      return loadOpen(job)
    case 'recall':
      return loadRecall(job)
    case 'chats':
      return loadChats(job)
    case 'crowd':
      return loadCrowd(job)
  }
}
