/** The workers' way in, in the OpenAPI document. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { registerPools } from '../../src/edge/openapi-pools.ts'

it('names the pool, the token and the upgrade', () => {
  const app = new OpenAPIHono()
  registerPools(app.openAPIRegistry, { '4XX': { description: 'Refused' } })
  const { paths = {} } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'x', version: '1' } })
  const asked = paths['/v1/pools/{pool}/worker']?.get
  const names = asked?.parameters?.map((one) => ('name' in one ? `${one.in} ${one.name}` : ''))
  expect(names).toEqual(['path pool', 'header authorization', 'header upgrade'])
  expect(Object.keys(asked?.responses ?? {})).toEqual(['101', '4XX'])
})
