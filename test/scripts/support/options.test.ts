/** Flags of dev and serve. */
import { expect, test } from 'vitest'
import { readRunOptions } from '../../../scripts/support/options.ts'

const read = (...args: string[]) => readRunOptions(args, ['isolates', 'built', 'origin', 'model'], '/project')

test('without flags', () => {
  expect(read()).toEqual({
    port: 8787,
    demo: true,
    fresh: false,
    state: '/project/.sluice',
    isolates: 1,
    built: undefined,
    origin: undefined,
    model: undefined,
  })
})

test('with flags', () => {
  expect(
    read('--port', '9000', '--no-demo', '--fresh', '--state', '/elsewhere', '--isolates=3', '--built', 'out'),
  ).toMatchObject({
    port: 9000,
    demo: false,
    fresh: true,
    state: '/elsewhere',
    isolates: 3,
    built: '/project/out',
  })
  expect(read('--state', 'here').state).toBe('/project/here')
})

test.each([
  ['http://localhost:11434', 'http://localhost:11434/v1'],
  ['http://localhost:11434/', 'http://localhost:11434/v1'],
  ['https://gpu.example.com/llm/v1/', 'https://gpu.example.com/llm/v1'],
])('an origin of %s is asked at %s', (given, asked) => {
  expect(read('--origin', given, '--model', 'm')).toMatchObject({ origin: asked, model: 'm' })
})

test.each([
  [['--port', 'x'], '--port must be a whole number'],
  [['--port', '0'], '--port must be'],
  [['--port', '65535', '--isolates', '2'], '--port must be'],
  [['--isolates', '99'], '--isolates must be'],
  [['--nonsense'], 'nonsense'],
  [['--origin', 'ollama'], '--origin must be a URL'],
  [['--model', 'm'], '--model needs --origin'],
  [['--no-demo', '--origin', 'http://x'], 'exclude each other'],
])('%j is refused: %s', (args, message) => {
  expect(() => read(...args)).toThrow(message)
})

test('a flag of the other command is refused', () => {
  expect(() => readRunOptions(['--isolates', '2'], ['origin'])).toThrow('--isolates is not a flag')
})
