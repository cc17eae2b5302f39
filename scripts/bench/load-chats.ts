/** The pool lane's conversations: many side by side, each with its tenant's system prompt and all that was said before. */
import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { chatOf, type Message, wordsOf } from './pool-prompts.ts'
import { readChat, type StreamRead } from './pool-stream.ts'
import type { ChatsJob, ChatsResult } from './pool-types.ts'
import { randomFrom } from './recall-body.ts'
import { percentile } from './stats.ts'

/** Runs one job. */
export async function loadChats(job: ChatsJob): Promise<ChatsResult> {
  const agent = new Agent({ keepAlive: true })
  const systems = job.tenants.map((_, tenant) => wordsOf(job.systemTokens, randomFrom(job.seed + tenant)))
  const reads: StreamRead[] = []
  let asked = 0
  const converse = async (_: unknown, conversation: number): Promise<void> => {
    const random = randomFrom(job.seed + 1000 + conversation)
    const tenant = conversation % job.tenants.length
    const messages: Message[] = [{ role: 'system', content: systems[tenant] ?? '' }]
    const [least, most] = job.turns
    const turns = least + Math.floor(random() * (most - least + 1))
    for (let turn = 0; turn < turns; turn += 1) {
      await sleep(2 * job.thinkMs * random())
      messages.push({ role: 'user', content: wordsOf(job.questionTokens, random) })
      const model = job.models[asked % job.models.length] ?? ''
      asked += 1
      const headers = job.tenants[tenant] ?? {}
      const read = await readChat(agent, { port: job.port, headers, body: chatOf(model, messages, job.answerTokens) })
      reads.push(read)
      messages.push({ role: 'assistant', content: read.text })
    }
  }
  await Promise.all(Array.from({ length: job.conversations }, converse))
  agent.destroy()
  const whole = reads.filter(({ isWhole }) => isWhole)
  const sum = (figure: (read: StreamRead) => number): number => whole.reduce((total, read) => total + figure(read), 0)
  const sorted = Float64Array.from(whole.map(({ firstMs }) => firstMs)).sort()
  return {
    requests: reads.length,
    failures: reads.length - whole.length,
    promptTokens: sum(({ promptTokens }) => promptTokens),
    cachedTokens: sum(({ cachedTokens }) => cachedTokens),
    firstMeanMs: sum(({ firstMs }) => firstMs) / whole.length,
    firstP50Ms: percentile(sorted, 0.5),
    firstP95Ms: percentile(sorted, 0.95),
  }
}
