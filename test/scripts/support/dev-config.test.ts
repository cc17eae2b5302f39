/** The configuration of wrangler dev: the Worker's own, with all variables and no demand for secrets. */
import { expect, test } from 'vitest'
import { devConfig } from '../../../scripts/support/dev-config.ts'

test('variables are in it, secrets are no longer asked for, the entry is found from anywhere', () => {
  const wrangler = 'name = "x"\nmain = "src/index.ts"\n[secrets]\nrequired = ["A"]\n[[migrations]]\ntag = "v1"\n'
  expect(JSON.parse(devConfig(wrangler, '/project', { A: 'a$b"c', B: '' }))).toEqual({
    name: 'x',
    main: '/project/src/index.ts',
    migrations: [{ tag: 'v1' }],
    vars: { A: 'a$b"c', B: '' },
  })
})
