/** `GET /docs`: the OpenAPI document as one plain page. No script and nothing from elsewhere: it stands beside /admin. */
import type { Context } from 'hono'
import { html } from 'hono/html'
import type { OpenapiDocument } from './openapi.ts'

const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const STYLE = `
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #1b1f24 }
code, pre { font: 14px/1.4 ui-monospace, monospace; background: #f3f4f6; border-radius: 4px; padding: .1rem .3rem }
pre { overflow: auto; padding: .8rem } summary { cursor: pointer } h2 { margin-top: 2rem }
details { border-top: 1px solid #d9dde2; padding: .4rem 0 } b { display: inline-block; min-width: 4.5rem }`

type PathItem = NonNullable<OpenapiDocument['paths']>[string]
type Operation = NonNullable<PathItem['get']>

/** Renders the page; Hono's `html` escapes every value. */
export function docsPage(c: Context, document: OpenapiDocument): Response | Promise<Response> {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      return operation === undefined ? [] : [{ path, method, operation }]
    }),
  )
  const tags = [...new Set(operations.map(({ operation }) => tagOf(operation)))]
  const { origin } = new URL(c.req.url)
  const example = `curl -N ${origin}/v1/chat/completions -H "authorization: Bearer $SLUICE_KEY" -H "content-type: application/json" \\
  -d '{"model":"MODEL","stream":true,"messages":[{"role":"user","content":"Hello"}]}'`
  c.header('content-security-policy', POLICY)
  return c.html(html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sluice API</title><style>${STYLE}</style></head>
<body><h1>Sluice API</h1>
<p>Point any OpenAI SDK at <code>${origin}/v1</code> with a Sluice key. The whole document for tools: <a href="/openapi.json">/openapi.json</a>.</p>
<pre>${example}</pre>
${tags.map(
  (tag) =>
    html`<h2>${tag}</h2>${operations
      .filter(({ operation }) => tagOf(operation) === tag)
      .map(
        ({
          path,
          method,
          operation,
        }) => html`<details><summary><b>${method.toUpperCase()}</b> <code>${path}</code> ${operation.summary ?? ''}</summary>
<pre>${JSON.stringify({ parameters: operation.parameters, requestBody: operation.requestBody, responses: operation.responses }, null, 2)}</pre></details>`,
      )}`,
)}
<h2>Schemas</h2>
${Object.entries(document.components?.schemas ?? {}).map(
  ([name, schema]) =>
    html`<details><summary><code>${name}</code></summary><pre>${JSON.stringify(schema, null, 2)}</pre></details>`,
)}
</body></html>`)
}

const tagOf = (operation: Operation): string => operation.tags?.[0] ?? 'other'
