/** Stands before the product's own bundle in a test's workerd: between an isolate and its tenants' objects, as told over HTTP. */

/** What becomes of calls to tenants' objects. */
export interface ObjectFault {
  /** Methods of the object that it meets; absent: all. */
  readonly methods?: readonly string[]
  /** `far`: so long on the way, half before and half after · `drop`: never arrives, and the caller is told all is well. */
  readonly kind: 'far' | 'drop' | 'reject' | 'hang'
  readonly ms?: number
}

interface Worker {
  fetch(request: Request, env: Readonly<Record<string, unknown>>, ctx: unknown): Promise<Response>
}

type Namespace = Readonly<Record<string, (...values: unknown[]) => unknown>>

/** Where this isolate is told of its faults (PUT), and says how often each method was called (GET). */
const CONTROL_PATH = '/test-only/object-faults'
/** Longer than any deadline, so that nobody sees its end. */
const HANG_MS = 3_600_000

let faults: readonly ObjectFault[] = []
const calls: Record<string, number> = {}

/** The Worker with its namespace of tenants' objects behind the faults. One per isolate. */
export function withObjectFaults(worker: Worker): Worker {
  return {
    async fetch(request, env, ctx) {
      if (new URL(request.url).pathname !== CONTROL_PATH) {
        return await worker.fetch(request, { ...env, TENANT: faultyNamespace(env.TENANT as Namespace) }, ctx)
      }
      if (request.method === 'PUT') faults = (await request.json()) as readonly ObjectFault[]
      return Response.json(calls)
    },
  }
}

/** Only `get` gives stubs; everything else of a namespace is as it was. */
function faultyNamespace(namespace: Namespace): Namespace {
  return new Proxy(namespace, {
    get: (target, name) => {
      const method = target[String(name)]?.bind(target)
      return name === 'get' ? (...values: unknown[]) => faultyStub(method?.(...values) as Namespace) : method
    },
  })
}

function faultyStub(stub: Namespace): Namespace {
  return new Proxy(stub, {
    get:
      (target, name) =>
      async (...values: unknown[]) => {
        const method = String(name)
        calls[method] = (calls[method] ?? 0) + 1
        const fault = faults.find(({ methods }) => methods === undefined || methods.includes(method))
        switch (fault?.kind) {
          case 'drop':
            return undefined
          case 'reject':
            throw new Error('the object is out of reach, as the test wants it')
          case 'hang':
            await pause(HANG_MS)
            throw new Error('nobody waits that long')
          case 'far': {
            await pause((fault.ms ?? 0) / 2)
            const answer = await target[method]?.(...values)
            await pause((fault.ms ?? 0) / 2)
            return answer
          }
          default:
            return await target[method]?.(...values)
        }
      },
  })
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
