/** What the suites of recall ask: an upstream that counts its calls and ends as it is told, models with caches, two isolates. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConfigDocument } from '../../src/core/config.ts'
import type { Reply } from '../support/http-client.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat, answerCompletions, answerEmbeddings } from './answering-origin.ts'

/** A reply is recallable so long after its end. */
export const RECALLABLE_MS = 1000
export const CHAT = '/v1/chat/completions'

/** An origin under `name`s of its own; each model of the config is one of them. */
export async function startOrigin(): Promise<ScriptedOrigin> {
  const origin = await ScriptedOrigin.start()
  return origin.on('chat', answerChat).on('embed', answerEmbeddings).on('text', answerCompletions)
}

type Model = NonNullable<ConfigDocument['models']>[string]

/** A config whose aliases are answered by scripts of the origin: `[script, cache]`. */
export function configOf(
  origin: ScriptedOrigin,
  models: Readonly<Record<string, readonly [string, Model['cache']]>>,
): ConfigDocument {
  const scripts = [...new Set(Object.values(models).map(([script]) => script))]
  return {
    providers: Object.fromEntries(
      scripts.map((script) => [script, { protocol: 'openai', baseUrl: origin.url(script) }]),
    ),
    models: Object.fromEntries(
      Object.entries(models).map(([alias, [script, cache]]) => [
        alias,
        {
          targets: [{ provider: script, model: 'm', price: { input: 2, output: 10 } }],
          retries: 0,
          ...(cache === undefined ? {} : { cache }),
        },
      ]),
    ),
  }
}

/** What is unlike one short question. */
export interface Wanted {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly isolate?: number
  readonly [field: string]: unknown
}

/** Asks a Sluice that is there when something is asked. */
export function asking(sluice: () => TestSluice) {
  return ({ key }: MadeKey, model: string, said: string, wanted: Wanted = {}): Promise<Reply> => {
    const { path = CHAT, headers = {}, isolate = 0, ...fields } = wanted
    const asked =
      path === CHAT
        ? { messages: [{ role: 'user', content: said }] }
        : path.endsWith('completions')
          ? { prompt: said }
          : { input: said }
    return sluice().post(key, path, { model, ...asked, ...fields }, { headers, url: sluice().urls[isolate] ?? '' })
  }
}

/** What a reply says of recall. */
export const cacheOf = ({ status, headers }: Reply): string => `${status} ${headers['x-sluice-cache'] ?? 'none'}`

/** A Sluice of two isolates with these models and two tenants, asked as the suites do. */
export async function startRecalling() {
  const origin = await startOrigin()
  const sluice = await setUp({
    isolates: 2,
    config: configOf(origin, {
      plain: ['chat', undefined],
      exact: ['chat', { exact: true }],
      off: ['chat', { exact: false }],
      keyed: ['chat', { exact: true, sharing: 'key' }],
      users: ['chat', { exact: true, sharing: 'user' }],
      text: ['text', { exact: true }],
      vectors: ['embed', { exact: true }],
      odd: ['odd', { exact: true }],
    }),
    tenants: [{ id: 'acme' }, { id: 'other' }],
  })
  const ask = asking(() => sluice)
  const acme = sluice.keyOf('acme')
  const calls = (script = 'chat'): number => origin.calls(script).length
  const recallable = (): Promise<void> => sleep(RECALLABLE_MS)
  return {
    origin,
    sluice,
    acme,
    ask,
    calls,
    recallable,
    /** Asks twice, a second apart; the number of upstream calls that took. */
    async twice(model: string, said: string, first: Wanted = {}, second: Wanted = first) {
      const before = calls()
      const one = await ask(acme, model, said, first)
      await recallable()
      const two = await ask(acme, model, said, second)
      return { one, two, calls: calls() - before }
    },
    async stop(): Promise<void> {
      await sluice.stop()
      await origin.close()
    },
  }
}
