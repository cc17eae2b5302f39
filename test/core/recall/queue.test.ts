/** The queue of the eviction policies: leaving from anywhere keeps order and sums. */
import { expect, it } from 'vitest'
import { type Link, Queue } from '../../../src/core/recall/queue.ts'

const linkOf = (key: string, bytes = 1): Link => ({ key, bytes, newer: null, older: null })

function order(queue: Queue<Link>): string {
  let text = ''
  for (let link = queue.oldest; link !== null; link = link.newer) text += link.key
  return text
}

it('is in order of arrival, whoever leaves', () => {
  const queue = new Queue<Link>()
  const links = [...'abcd'].map((key, index) => linkOf(key, index + 1))
  for (const link of links) queue.push(link)
  expect([order(queue), queue.bytes, queue.size]).toEqual(['abcd', 10, 4])
  const [a, b, c, d] = links as [Link, Link, Link, Link]
  queue.remove(b)
  expect([order(queue), queue.bytes, queue.size]).toEqual(['acd', 8, 3])
  queue.remove(d)
  queue.remove(a)
  expect(order(queue)).toBe('c')
  queue.remove(c)
  expect([queue.oldest, queue.bytes, queue.size]).toEqual([null, 0, 0])
})

it('takes one back as the next to leave', () => {
  const queue = new Queue<Link>()
  const link = linkOf('a')
  queue.pushOldest(link)
  queue.push(linkOf('b'))
  queue.remove(link)
  queue.pushOldest(link)
  queue.pushOldest(linkOf('c'))
  expect([order(queue), queue.bytes]).toEqual(['cab', 3])
})
