/** `/v1/completions` of the demo origin, whole and streamed. */
import { answerText } from './answer.ts'
import { joinSteps, planGeneration } from './generation.ts'
import { CHAT_MODEL, outputRoom, type Replica, requireModel, stopsOf, usageOf } from './replica.ts'
import type { Reply } from './replies.ts'
import type { CompletionRequest } from './requests.ts'
import { tokenize } from './tokens.ts'

/** Output of a completion that names no limit, as the API has it. */
const OUTPUT_TOKENS_DEFAULT = 16

/** Completes one or several prompts. */
export async function complete(replica: Replica, request: CompletionRequest, reply: Reply): Promise<void> {
  requireModel(request.model, CHAT_MODEL)
  const prompts = typeof request.prompt === 'string' ? [request.prompt] : request.prompt
  const tokens = prompts.flatMap(tokenize)
  const maxTokens = outputRoom(replica, tokens.length, request.max_tokens ?? OUTPUT_TOKENS_DEFAULT)
  const copies = request.n ?? 1
  const choicePrompts = prompts.flatMap((prompt) => Array.from({ length: copies }, () => prompt))
  const answers = choicePrompts.map((prompt) => ({
    text: `${request.echo === true ? prompt : ''} ${answerText(prompt)}`,
    toolCalls: [],
  }))
  const bounds = { maxTokens, stop: stopsOf(request.stop), ignoreEnd: request.ignore_eos === true }
  const { steps, finishes } = planGeneration(answers, bounds)
  const head = {
    id: replica.nextId('cmpl'),
    object: 'text_completion',
    created: replica.seconds(),
    model: request.model,
  }
  const logprobsOf = (texts: readonly string[]) =>
    typeof request.logprobs === 'number'
      ? {
          tokens: texts,
          token_logprobs: texts.map(() => -0.1),
          top_logprobs: texts.map((text) => ({ [text]: -0.1 })),
          text_offset: texts.map((_, at) => texts.slice(0, at).join('').length),
        }
      : null
  const stream = request.stream === true

  await replica.engine.run({ prompt: tokens, salt: request.cache_salt ?? '' }, reply.signal, async (admitted) => {
    for (const step of steps) {
      await admitted.decode(step.token)
      if (!stream) continue
      const choice = { index: step.choice, text: step.token, logprobs: logprobsOf([step.token]), finish_reason: null }
      await reply.event({ ...head, choices: [choice] }, 1)
    }
    const usage = usageOf(tokens.length, admitted.cachedTokens, steps.length)
    if (stream) {
      for (const [index, finish] of finishes.entries()) {
        await reply.event({ ...head, choices: [{ index, text: '', logprobs: null, finish_reason: finish }] }, 0)
      }
      if (request.stream_options?.include_usage === true) await reply.event({ ...head, choices: [], usage }, 0)
      await reply.done()
    } else {
      const choices = finishes.map((finish, index) => {
        const own = steps.filter((step) => step.choice === index).map((step) => step.token)
        const text = joinSteps(steps, index).content
        return { index, text, logprobs: logprobsOf(own), finish_reason: finish, stop_reason: null }
      })
      await reply.json({ ...head, choices, usage })
    }
    return { value: undefined, finish: finishes.includes('length') ? 'length' : 'stop' }
  })
}
