/** How a worker dials in to its pool, in the OpenAPI document. No I/O. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'

/** Puts the path into the registry. `refusals`: how it may be refused. */
export function registerPools(
  registry: OpenAPIHono['openAPIRegistry'],
  refusals: NonNullable<RouteConfig['responses']>,
): void {
  registry.registerPath({
    method: 'get',
    path: '/v1/pools/{pool}/worker',
    tags: ['pools'],
    summary: 'A worker dials in by WebSocket, and from then on requests of the pool come to it: `npm run worker` does',
    request: {
      params: z.object({ pool: z.string().describe('Name of its provider, which says `"workers": true`') }),
      headers: z.object({
        authorization: z.string().describe('`Bearer slw_…`: a token of POST /admin/pools/{id}/workers'),
        upgrade: z.literal('websocket'),
      }),
    },
    responses: { 101: { description: 'Connected: frames of `src/core/pool/frames.ts`' }, ...refusals },
  })
}
