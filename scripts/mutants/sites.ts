/** Where exported functions can be broken, and how: one edit of the source each. No I/O. */
import { children, isNode, nodesOf, parseProgram, type SyntaxNode, walk } from '../tidy/syntax.ts'

export type MutantKind = 'removed condition' | 'swapped branch' | 'emptied body'

/** One edit of one file. */
export interface Mutant {
  readonly path: string
  /** The exported function that it breaks. */
  readonly name: string
  readonly line: number
  readonly kind: MutantKind
  readonly start: number
  readonly end: number
  readonly replacement: string
}

/** An exported function with everything that can be done to it. */
export interface Target {
  readonly path: string
  readonly name: string
  readonly mutants: readonly Mutant[]
}

// Private methods are left out: what nobody outside can call is broken through what they can.
const functions = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ObjectMethod',
  'ClassMethod',
])

interface Edit {
  readonly kind: MutantKind
  /** What is replaced. */
  readonly node: SyntaxNode
  readonly replacement: string
}

/** The exported functions of a file, methods of exported classes included, that have something to break. */
export function targetsOf(path: string, text: string): Target[] {
  const exported = nodesOf(parseProgram(text), 'body').filter((one) =>
    /^Export(Named|Default)Declaration$/.test(one.type),
  )
  return exported
    .flatMap((statement) => functionsIn(statement, ''))
    .map(({ name, node }) => {
      const mutants = editsOf(node, text).map(({ kind, node: at, replacement }) => {
        return { path, name, line: at.loc.start.line, kind, start: at.start, end: at.end, replacement }
      })
      return { path, name, mutants }
    })
    .filter((target) => target.mutants.length > 0)
}

/** The text with the edit made. */
export function mutate(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end)
}

/** The outermost functions under a node, each with the names of what holds it: `TenantObject.lookUp`, `clock.now`. */
function functionsIn(node: SyntaxNode, holder: string): { name: string; node: SyntaxNode }[] {
  if (functions.has(node.type)) return node.kind === 'constructor' ? [] : [{ name: holder || 'default', node }]
  return children(node).flatMap((child) => {
    const names = [holder, nameOf(child.node) ?? '']
    return functionsIn(child.node, names.filter((name) => name !== '').join('.'))
  })
}

function nameOf(node: SyntaxNode): string | undefined {
  const named = node.id ?? node.key
  if (!isNode(named)) return undefined
  return typeof named.name === 'string' ? named.name : undefined
}

function editsOf(target: SyntaxNode, text: string): Edit[] {
  const edits: Edit[] = []
  const source = (node: SyntaxNode): string => text.slice(node.start, node.end)
  const [body] = nodesOf(target, 'body')
  if (body?.type === 'BlockStatement' && nodesOf(body, 'body').length > 0) {
    edits.push({ kind: 'emptied body', node: body, replacement: '{}' })
  } else if (body !== undefined && body.type !== 'BlockStatement') {
    edits.push({ kind: 'emptied body', node: body, replacement: 'undefined' })
  }
  walk(target, (node) => {
    const [test] = nodesOf(node, 'test')
    if (/^(IfStatement|ConditionalExpression)$/.test(node.type) && test !== undefined) {
      edits.push({ kind: 'swapped branch', node: test, replacement: `!(${source(test)})` })
      for (const replacement of ['true', 'false']) edits.push({ kind: 'removed condition', node: test, replacement })
    }
    if (node.type === 'LogicalExpression' && /^(&&|\|\|)$/.test(String(node.operator))) {
      for (const side of ['left', 'right']) {
        for (const kept of nodesOf(node, side))
          edits.push({ kind: 'removed condition', node, replacement: `(${source(kept)})` })
      }
    }
  })
  return edits
}
