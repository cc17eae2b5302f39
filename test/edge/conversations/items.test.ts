/** Items in one isolate: changed while others change them, and never while a turn runs. */
import { expect, it } from 'vitest'
import { askOf } from '../../support/session.ts'
import { isolate } from '../../support/worker.ts'

const PATH = '/v1/conversations'
const said = (content: string) => ({ role: 'user', content })

async function world() {
  const at = await isolate()
  const made = (await (await at.post(PATH, { items: ['a', 'b', 'c'].map(said) })).json()) as { id: string }
  const path = `${PATH}/${made.id}/items`
  const list = async (query = '') =>
    (await (await at.get(`${path}?order=asc${query}`)).json()) as { data: { id: string }[]; has_more: boolean }
  const remove = (id: string) =>
    at.fetch(`${path}/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${at.key}` } })
  return { ...at, id: made.id, path, list, remove }
}

it('are listed by pages', async () => {
  const { list, get, path } = await world()
  const all = await list()
  expect(all).toMatchObject({ object: 'list', data: [{}, {}, {}], has_more: false, first_id: all.data[0]?.id })
  expect(await list(`&limit=1&after=${all.data[0]?.id}`)).toMatchObject({ data: [all.data[1]], has_more: true })
  for (const query of ['limit=0', 'limit=101', 'order=up', 'include=x', 'after=none'])
    expect((await get(`${path}?${query}`)).status).toBe(400)
})

it('are taken out, even where the row is changed at the same moment', async () => {
  const { list, remove, services } = await world()
  const [first, second, third] = (await list()).data
  const { rowOf } = services.sessions
  let isFirst = true
  services.sessions.rowOf = async (...question) => {
    const found = await rowOf(...question)
    if (isFirst && found !== null) {
      isFirst = false
      return { ...found, epoch: found.epoch - 1 }
    }
    return found
  }
  expect((await remove(second?.id ?? '')).status).toBe(200)
  expect((await list()).data).toEqual([first, third])
  expect((await remove(second?.id ?? '')).status).toBe(404)
  for (const item of [first, third]) await remove(item?.id ?? '')
  expect(await list()).toMatchObject({ data: [], first_id: null, last_id: null, has_more: false })
})

it('wait for a turn that runs', async () => {
  const { services, place, id, list, remove, post, path } = await world()
  await services.sessions.begin(place, id, askOf('turn'))
  expect((await post(path, { items: [said('d')] })).status).toBe(409)
  expect((await remove((await list()).data[0]?.id ?? '')).status).toBe(409)
  expect((await post(`${PATH}/${id}/events`, said('d'))).status).toBe(200)
})

it('are listed and exported a few at a time where they are large, and all of them', async () => {
  const at = await isolate()
  const made = (await (await at.post(PATH, {})).json()) as { id: string }
  const path = `${PATH}/${made.id}/items`
  const image = (name: string) => ({
    role: 'user',
    content: [{ type: 'input_image', image_url: `data:image/png;base64,${name.repeat(3 * 1024 * 1024)}` }],
  })
  const names = [...'abcdefg']
  // Two in a row, and a page that ends with one.
  for (const name of names) await at.post(path, { items: [image(name), said(name)] })
  for (const order of ['asc', 'desc']) {
    const seen: string[] = []
    let after = ''
    for (let pages = 1; ; pages += 1) {
      const reply = await at.get(`${path}?order=${order}&limit=100${after}`)
      expect(reply.status).toBe(200)
      const page = (await reply.json()) as {
        data: { content: [{ text?: string }] }[]
        last_id: string
        has_more: boolean
      }
      expect(page.data.length).toBeGreaterThan(0)
      seen.push(...page.data.flatMap(({ content }) => content[0].text ?? []))
      after = `&after=${page.last_id}`
      if (!page.has_more) {
        expect(pages).toBeGreaterThan(2)
        break
      }
    }
    expect(seen).toEqual(order === 'asc' ? names : [...names].reverse())
  }
  const exported = (await (await at.get(`${PATH}/${made.id}/export`)).json()) as { items: unknown[] }
  expect(exported.items).toHaveLength(2 * names.length)
})
