/** `/v1/chat/completions` of the demo origin, whole and streamed. */
import { answerChat, beginningOf, plainText } from './answer.ts'
import { joinSteps, planGeneration, type Step } from './generation.ts'
import { CHAT_MODEL, outputRoom, type Replica, requireModel, stopsOf, usageOf } from './replica.ts'
import { Refusal, type Reply } from './replies.ts'
import type { ChatRequest } from './requests.ts'
import { tokenize } from './tokens.ts'

const IMAGE_TOKENS = 256

/** Answers a chat. */
export async function chat(replica: Replica, request: ChatRequest, reply: Reply): Promise<void> {
  requireModel(request.model, CHAT_MODEL)
  requireBeginning(request)
  const prompt = promptTokens(request)
  const maxTokens = outputRoom(replica, prompt.length, request.max_completion_tokens ?? request.max_tokens)
  const answers = Array.from({ length: request.n ?? 1 }, (_, choice) => answerChat(request, choice))
  const bounds = { maxTokens, stop: stopsOf(request.stop), ignoreEnd: request.ignore_eos === true }
  const { steps, finishes } = planGeneration(answers, bounds)
  const head = { id: replica.nextId('chatcmpl'), created: replica.seconds(), model: request.model }
  const logprobs = (step: Step) =>
    request.logprobs === true && step.delta.content !== undefined
      ? { content: [logprobOf(step.token, request.top_logprobs ?? 0)] }
      : null
  const stream = request.stream === true
  const chunk = (choices: object[], more: object = {}) => ({
    ...head,
    object: 'chat.completion.chunk',
    choices,
    ...more,
  })

  const salt = request.cache_salt ?? ''
  await replica.engine.run({ prompt, salt }, reply.signal, async (admitted) => {
    if (stream) {
      const delta = { role: 'assistant', content: '' }
      const opening = answers.map((_, index) => ({ index, delta, logprobs: null, finish_reason: null }))
      await reply.event(chunk(opening), 0)
    }
    for (const step of steps) {
      await admitted.decode(step.token)
      if (!stream) continue
      const choice = { index: step.choice, delta: step.delta, logprobs: logprobs(step), finish_reason: null }
      await reply.event(chunk([choice]), 1)
    }
    const usage = usageOf(prompt.length, admitted.cachedTokens, steps.length)
    if (stream) {
      for (const [index, finish] of finishes.entries()) {
        const choice = { index, delta: {}, logprobs: null, finish_reason: finish, stop_reason: null }
        await reply.event(chunk([choice]), 0)
      }
      if (request.stream_options?.include_usage === true) await reply.event(chunk([], { usage }), 0)
      await reply.done()
    } else {
      const choices = finishes.map((finish, index) => {
        const { content, calls } = joinSteps(steps, index)
        const own = steps.filter((step) => step.choice === index)
        const listed =
          request.logprobs === true ? { content: own.flatMap((step) => logprobs(step)?.content ?? []) } : null
        const message = { role: 'assistant', content: calls.length > 0 ? null : content, tool_calls: calls }
        return { index, message, logprobs: listed, finish_reason: finish, stop_reason: null }
      })
      await reply.json({ ...head, object: 'chat.completion', choices, usage })
    }
    return { value: undefined, finish: finishes.includes('length') ? 'length' : 'stop' }
  })
}

/** Refuses to go on from what is no beginning of an answer. */
function requireBeginning(request: ChatRequest): void {
  if (request.continue_final_message !== true) return
  const refuse = (message: string) => new Refusal(400, 'BadRequestError', message)
  if (request.add_generation_prompt === true)
    throw refuse('Cannot set both `continue_final_message` and `add_generation_prompt` to True.')
  if (request.messages.at(-1)?.role !== 'assistant')
    throw refuse('continue_final_message requires a final assistant message')
}

/** The prompt as the model sees it: turns and tools as text, so that a shared beginning is a shared prefix. */
function promptTokens(request: ChatRequest): string[] {
  const tools = request.tools === undefined ? '' : `<|tools|>${JSON.stringify(request.tools)}`
  const beginning = beginningOf(request)
  const closed = beginning === null ? request.messages : request.messages.slice(0, -1)
  const turns = closed.flatMap((message) => {
    const images = Array.isArray(message.content) ? message.content.filter((part) => part.type === 'image_url') : []
    const pixels = images.flatMap((part) =>
      Array.from({ length: IMAGE_TOKENS }, () => `<image ${part.image_url?.url}>`),
    )
    return [...tokenize(`<|${message.role}|>${plainText(message.content)}`), ...pixels]
  })
  // As the first engine had it: its prompt, and what it has said.
  const answer = request.add_generation_prompt === false && beginning === null ? [] : ['<|assistant|>']
  return [...tokenize(tools), ...turns, ...answer, ...tokenize(beginning ?? '')]
}

function logprobOf(token: string, top: number) {
  const one = (text: string, logprob: number) => ({ token: text, logprob, bytes: [...Buffer.from(text)] })
  const others = Array.from({ length: top }, (_, rank) => one(rank === 0 ? token : `${token}${rank}`, -0.1 - rank))
  return { ...one(token, -0.1), top_logprobs: others }
}
