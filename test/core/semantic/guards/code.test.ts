/** Code in questions: what is taken for it, and what is not. */
import { expect, it } from 'vitest'
import { codeIn } from '../../../../src/core/semantic/guards/code.ts'

it.each([
  ['run `git push -f` now', ['git push -f']],
  ['set user_id and MAX_SIZE', ['user_id', 'MAX_SIZE']],
  ['why is getUserName slow', ['getUserName']],
  ['call parseInt() here', ['parseInt()']],
  ['use --dry-run with -v', ['--dry-run', '-v']],
  ['open /etc/hosts or ~/.ssh/config', ['/etc/hosts', '~/.ssh/config']],
  ['edit package.json', ['package.json']],
  ['since v1.2.3', ['1.2.3']],
  ['docker build fails', ['docker build']],
  ['see https://example.com/a?b=c', ['https://example.com/a?b=c']],
  ['std::vector or a === b', ['std::vector', '===']],
])('%s', (text, found) => {
  const { found: own, rest } = codeIn(text)
  expect(own).toEqual(found)
  expect(rest).toHaveLength(text.length)
  for (const code of found) expect(rest).not.toContain(code)
})

it.each([
  'what is and/or, w/o it',
  'my iPhone and eBay',
  'at 5 p.m. in the u.s. please',
  'on 1.5.2024',
  'a well-known e-mail',
  'card(s) of mine',
  'is 24/7 enough?',
  'go home',
])('none: %s', (text) => {
  expect(codeIn(text)).toEqual({ found: [], rest: text })
})
