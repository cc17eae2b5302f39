/** The Workers AI binding as an embedder, where the runtime has one. */

/** Vectors of texts by one of its models: `{ data: number[][] }`. Rejects when it cannot. */
export type WorkersAi = (model: string, texts: readonly string[]) => Promise<unknown>

/** Undefined without a binding, as on bare workerd. */
export function createWorkersAi(binding: unknown): WorkersAi | undefined {
  return isAi(binding) ? (model, texts) => binding.run(model, { text: [...texts] }) : undefined
}

interface Ai {
  run(model: string, input: { readonly text: string[] }): Promise<unknown>
}

function isAi(value: unknown): value is Ai {
  return typeof value === 'object' && value !== null && 'run' in value
}
