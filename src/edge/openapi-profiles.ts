/** What the OpenAPI document says of profiles. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import { profileSchema } from '../core/prompts/schema.ts'

const path = '/v1/users/{id}/profile'
const params = z.object({
  id: z.string().describe('Your end user, as in x-sluice-user: 1 to 128 printable ASCII characters without spaces'),
})
const json = (schema: z.ZodType) => ({ 'application/json': { schema } })

/** Puts the paths into the registry; `refusals` are what every path may answer. */
export function registerProfilePaths(
  registry: OpenAPIHono['openAPIRegistry'],
  security: Record<string, string[]>[],
  refusals: Record<string, { description: string }>,
): void {
  const view = json(z.object({ id: z.string(), object: z.literal('user.profile'), ...profileSchema.shape }))
  const both = { path, security, tags: ['users'] }
  registry.registerPath({
    ...both,
    method: 'put',
    summary:
      'Put what is known of an end user: it goes into their system prompts where the tenant has a template for it',
    request: { params, body: { required: true, content: json(profileSchema) } },
    responses: {
      200: { description: 'In the place of another', content: view },
      201: { description: 'The first of this user', content: view },
      ...refusals,
    },
  })
  registry.registerPath({
    ...both,
    method: 'get',
    summary: 'What is known of an end user',
    request: { params },
    responses: { 200: { description: 'The profile', content: view }, ...refusals },
  })
  registry.registerPath({
    ...both,
    method: 'delete',
    summary: 'Forget what is known of an end user',
    request: { params },
    responses: { 204: { description: 'Forgotten' }, ...refusals },
  })
}
