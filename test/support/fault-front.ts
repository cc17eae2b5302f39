/** Stands before the product's own bundle in a test's workerd: between an isolate and objects, as told over HTTP. */

/** What becomes of calls to tenants' objects, or to pools'. */
export interface ObjectFault {
  /** Absent: tenants'. */
  readonly binding?: 'TENANT' | 'POOL'
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
/** Where a pool's object is told to lose its memory, or to do nothing for a while: by name. */
const POOL_PATH = '/test-only/pools/'
/** Longer than any deadline, so that nobody sees its end. */
const HANG_MS = 3_600_000

let faults: readonly ObjectFault[] = []
const calls: Record<string, number> = {}

/** The Worker with its namespaces of objects behind the faults. One per isolate. */
export function withObjectFaults(worker: Worker): Worker {
  return {
    async fetch(request, env, ctx) {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname.startsWith(POOL_PATH)) {
        await befall(env.POOL as Namespace, pathname.slice(POOL_PATH.length), Number(searchParams.get('stallMs') ?? 0))
        return Response.json({})
      }
      if (pathname !== CONTROL_PATH) {
        const [TENANT, POOL] = (['TENANT', 'POOL'] as const).map((binding) =>
          faultyNamespace(env[binding] as Namespace, binding),
        )
        return await worker.fetch(request, { ...env, TENANT, POOL }, ctx)
      }
      if (request.method === 'PUT') faults = (await request.json()) as readonly ObjectFault[]
      return Response.json(calls)
    },
  }
}

/** The object that a namespace gives for a name does nothing for so long; 0: it is thrown out of memory. */
async function befall(namespace: Namespace, name: string, stallMs: number): Promise<void> {
  const stub = namespace.get?.(namespace.idFromName?.(name)) as Namespace
  // Who is thrown out answers nobody.
  if (stallMs > 0) await stub.stallForTest?.(stallMs)
  else await Promise.resolve(stub.evictForTest?.()).catch(() => undefined)
}

interface ObjectState {
  blockConcurrencyWhile(work: () => Promise<void>): Promise<void>
  abort(reason: string): void
}

type ObjectClass = new (ctx: ObjectState, env: unknown) => object

/** The product's own class, which can be told to fail. */
export function mortal(base: ObjectClass): ObjectClass {
  return class extends base {
    readonly #state: ObjectState

    constructor(ctx: ObjectState, env: unknown) {
      super(ctx, env)
      this.#state = ctx
    }

    stallForTest(ms: number): void {
      void this.#state.blockConcurrencyWhile(() => pause(ms))
    }

    evictForTest(): void {
      this.#state.abort('thrown out, as the test wants it')
    }
  }
}

/** Only `get` gives stubs; everything else of a namespace is as it was. */
function faultyNamespace(namespace: Namespace, binding: 'TENANT' | 'POOL'): Namespace {
  return new Proxy(namespace, {
    get: (target, name) => {
      const method = target[String(name)]?.bind(target)
      return name === 'get' ? (...values: unknown[]) => faultyStub(method?.(...values) as Namespace, binding) : method
    },
  })
}

function faultyStub(stub: Namespace, binding: 'TENANT' | 'POOL'): Namespace {
  return new Proxy(stub, {
    get:
      (target, name) =>
      async (...values: unknown[]) => {
        const method = String(name)
        calls[method] = (calls[method] ?? 0) + 1
        const fault = faults.find(
          ({ methods, binding: met = 'TENANT' }) =>
            met === binding && (methods === undefined || methods.includes(method)),
        )
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
