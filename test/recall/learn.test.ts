/** Judging by answers: the same words, the same meaning, another group's, or nothing that can be compared. */
import { describe, expect, it } from 'vitest'
import type { Member, Neighbour } from '../../src/core/semantic/types.ts'
import { learnFrom } from '../../src/recall/learn.ts'
import { lookByMeaning } from '../../src/recall/meaning.ts'
import { STARTED_AT_MS } from '../support/path.ts'
import { recalling, replyOf, sealedReply, USED } from '../support/recalling.ts'
import { whole } from '../support/wire.ts'

const SPACE = { route: 'model', encoder: 'embed/up/minilm/2', scope: 'all' }
const near = (id: string, similarity: number): Neighbour => {
  const member: Member = { id, group: id, traits: {}, atMs: 0, expiresAtMs: 1e15, knowledgeVersion: null }
  return { member, similarity }
}

/** A question near the groups `g` and `h`, with these answers, and what comes of an answer to it. */
async function answered(
  given: string,
  kept: Readonly<Record<string, string>>,
  cosine: number | null = 0.4,
  says?: boolean | null,
) {
  const at = recalling({ exact: true, semantic: { enabled: true } })
  at.store.nearest = async () => ({ neighbours: [near('g', 0.95), near('h', 0.9)], facts: { state: null, groups: {} } })
  for (const [group, text] of Object.entries(kept)) at.store.values.set(group, await sealedReply(group, replyOf(text)))
  const embedded: string[] = []
  const embedder = {
    id: 'embed/up/minilm',
    async embed(texts: readonly string[]) {
      embedded.push(...texts)
      const other = cosine === null ? null : Float32Array.from([cosine, Math.sqrt(1 - cosine ** 2)])
      return other === null ? null : [Float32Array.from([1, 0]), other]
    },
  }
  const compared: string[] = []
  const judge = {
    id: 'judge',
    async isSame(...texts: string[]) {
      compared.push(...texts)
      return says ?? null
    },
  }
  const question = { place: at.place, space: SPACE, vector: Float32Array.from([1, 0]), traits: {}, maxErrorRate: 0.02 }
  const meaning = await lookByMeaning(at.services, question)
  const ticket = at.ticketOf({ key: 'asked', asked: { meaning, embedder, judge, news: null } })
  const answer = {
    ticket,
    body: whole(given),
    isAssembled: false,
    target: 'up/m',
    usage: USED,
    costMicroUsd: 92,
    endedAtMs: STARTED_AT_MS,
  }
  await learnFrom(at.services, answer, { meaning, embedder, judge, news: null })
  return { learned: at.asked.filter((one) => /^(?:add|learn|dropGroup)/.test(one)), embedded, compared }
}

describe('an answer', () => {
  it('in the same words, however they are set, is the same', async () => {
    expect(await answered('We open at NINE!', { g: 'we  open at nine' })).toEqual({
      learned: ['add asked to g', 'learn model true'],
      embedded: [],
      compared: [],
    })
  })

  it('that is another group’s joins that one', async () => {
    const { learned } = await answered('we close at six', { g: 'we open at nine', h: 'We close at six.' })
    expect(learned).toEqual(['add asked to h', 'learn model false'])
  })

  it.each([
    [0.99, 'g', 'true'],
    [0.8, 'asked', 'false'],
  ])('in other words is told by its meaning: cosine %s', async (cosine, group, right) => {
    const { learned, embedded } = await answered('nine it is', { g: 'we open at nine' }, cosine)
    expect(embedded).toEqual(['nine it is', 'we open at nine'])
    expect(learned).toEqual([`add asked to ${group}`, `learn model ${right}`])
  })

  it.each([
    ['says the same', true, 'g', 'true'],
    ['says otherwise', false, 'asked', 'false'],
    ['cannot tell', null, 'asked', 'false'],
  ] as const)('whose meaning is near and not the same is told by the judge, who %s', async (_, says, group, right) => {
    const { learned, compared } = await answered('nine it is', { g: 'we open at nine' }, 0.8, says)
    expect(compared).toEqual(['nine it is', 'we open at nine'])
    expect(learned).toEqual([`add asked to ${group}`, `learn model ${right}`])
  })

  it('far from the other is no question for a judge', async () => {
    expect((await answered('nine it is', { g: 'we sell shoes' }, 0.3, true)).compared).toEqual([])
  })

  it('that nobody can compare teaches nothing', async () => {
    const { learned } = await answered('nine it is', { g: 'we open at nine' }, null)
    expect(learned).toEqual(['add asked to asked', 'learn model '])
  })

  it('has the group forgotten whose own is gone', async () => {
    const { learned } = await answered('we open at nine', {})
    expect(learned).toEqual(['dropGroup g', 'add asked to asked', 'learn model '])
  })
})
