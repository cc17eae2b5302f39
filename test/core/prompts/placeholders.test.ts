/** Placeholders: where they begin and end, and what is none. */
import { expect, it } from 'vitest'
import { namesIn, piecesOf, VARIABLE_NAME } from '../../../src/core/prompts/placeholders.ts'

it.each([
  ['no place', ['no place']],
  ['{{city}}', ['', 'city', '']],
  ['In {{ city }}, {{day}}.', ['In ', 'city', ', ', 'day', '.']],
  ['{{a}}{{b}}', ['', 'a', '', 'b', '']],
  ['{{{a}}}', ['{', 'a', '}']],
  ['{city} {{ci{ty}} }}{{', ['{city} {{ci{ty}} }}{{']],
  ['{{}}', ['', '', '']],
])('%s', (content, pieces) => expect(piecesOf(content)).toEqual(pieces))

it('names each once', () => expect(namesIn('{{a}} {{b}} {{a}} {{not a name}}')).toEqual(['a', 'b', 'not a name']))

it('lets a name be a tag, and nothing that objects have by themselves', () => {
  for (const name of ['city', 'City_2', 'x'.repeat(64)]) expect(name).toMatch(VARIABLE_NAME)
  for (const name of ['', '2nd', 'a-b', 'a b', '__proto__', 'ä', 'x'.repeat(65)])
    expect(name).not.toMatch(VARIABLE_NAME)
})
