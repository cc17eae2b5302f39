/** Worker entry: wiring only. */
export { DirectoryObject } from './objects/directory.ts'
export { TenantObject } from './objects/tenant.ts'

export default { fetch: () => new Response('ok') } satisfies ExportedHandler<Env>
