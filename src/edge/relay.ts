/** The endpoints that are passed on: OpenAI's others that take a model. JSON or a form in, whatever comes back out. */
import { relayRequestSchema } from '../core/chat.ts'
import { type Refusal, refusal } from '../core/errors.ts'
import type { Client, InferenceRequest } from '../core/inference.ts'
import { type Answer, answer } from '../gateway.ts'
import { type Arrival, arrive, type Edge, isJson, seenThrough } from './arrival.ts'
import type { HeldBody } from './body.ts'
import { decode } from './decode.ts'
import { errorReply } from './error-reply.ts'
import { boundaryOf } from './form-model.ts'
import { beginForm, type FormUpload } from './form-upload.ts'
import { answerHeaders, debugOf } from './headers.ts'
import { relayReply } from './relay-reply.ts'
import { requestOptions } from './request-options.ts'
import { openaiErrors } from './skin-errors.ts'
import { openai } from './skins.ts'
import { leftReply } from './stream-reply.ts'

/** Where they lie under `/v1`, and under a provider's base URL. */
export const RELAYED = [
  '/moderations',
  '/rerank',
  '/audio/speech',
  '/audio/transcriptions',
  '/audio/translations',
  '/images/generations',
  '/images/edits',
  '/images/variations',
] as const

/** How their JSON is read; nothing of it but the model is looked at. */
const SKIN = openai('relay', relayRequestSchema, false)

const OTHER_TYPE = refusal(
  'unsupported_media_type',
  "Send JSON, with 'content-type: application/json', or a form, with 'content-type: multipart/form-data; boundary=…'.",
  { param: 'content-type' },
)

/** The handler of one of them. */
export function relay(edge: Edge, path: string) {
  const handle = async (request: Request): Promise<Response> => {
    const arrived = await arrive(edge, request, openaiErrors)
    if (arrived instanceof Response) return arrived
    const type = request.headers.get('content-type')
    const boundary = boundaryOf(type)
    if (boundary === null && !isJson(type)) return arrived.refused(OTHER_TYPE, null)
    const options = requestOptions(request.headers)
    if ('code' in options) return arrived.refused(options, null)
    let body: ReadBody | Refusal
    try {
      body = boundary === null ? await edge.bodies.read(request) : await readForm(edge, request, boundary)
    } catch {
      return arrived.left()
    }
    if ('code' in body) return arrived.refused(body, null)
    const decoded = decode(SKIN, body, options, arrived.identity, request.headers)
    if (decoded.kind === 'refused') {
      body.release()
      return arrived.refused(decoded.refusal, decoded.alias)
    }
    const { upload } = body
    return reply(
      edge,
      arrived,
      { ...decoded, relay: upload === undefined ? { path } : { path, upload } },
      body,
      request,
    )
  }
  return seenThrough(edge.services, handle)
}

/** A body as it is decoded: of a form the field that is looked at, and the form itself. */
type ReadBody = HeldBody & { readonly upload?: FormUpload }

async function readForm({ bodies, services }: Edge, request: Request, boundary: string): Promise<ReadBody | Refusal> {
  const upload = await beginForm(bodies, request, boundary, services.background)
  if ('code' in upload) return upload
  return { text: JSON.stringify({ model: upload.model }), sizeBytes: 0, release: () => upload.stop(), upload }
}

async function reply(
  { services }: Edge,
  { entry, headers }: Arrival,
  request: InferenceRequest,
  { upload, release }: ReadBody,
  client: Client,
): Promise<Response> {
  let answered: Answer | undefined
  try {
    answered = await answer(services, entry, request, client)
  } finally {
    // Some answer before they have all of a form.
    if (upload !== undefined && answered?.kind === 'stream') services.background(answered.live.ended.then(release))
    else release()
  }
  answerHeaders(headers, request.alias, request.startedAtMs, answered, debugOf(request, entry))
  if (answered.kind === 'refused') return errorReply(answered.refusal, headers, openaiErrors)
  return answered.kind === 'stream' ? relayReply(services, answered, headers) : leftReply()
}
