/** What the checks and the mutants need to know of a source file, read with a real parser. No I/O. */
import { parse } from '@babel/parser'

/** A node of the syntax tree, as plain data. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly loc: { readonly start: { readonly line: number } }
  readonly [key: string]: unknown
}

/** One module that a file names, and whether anything of it is there at run time. */
export interface Import {
  readonly specifier: string
  readonly line: number
  readonly kind: 'value' | 'type'
}

/** A file as the rules see it. */
export interface Source {
  readonly imports: readonly Import[]
  /** Exports something that runs: a function, a class, a value that is computed. Tables of constants do not count. */
  readonly exportsCode: boolean
  /** Lines that call, or hand on, the runtime's `fetch` or a binding's. */
  readonly fetchLines: readonly number[]
  /** Every string literal: how scripts and tests name the files they start or read. */
  readonly strings: readonly string[]
  /** Set when the file does not parse. */
  readonly fault?: { readonly line: number; readonly message: string }
}

const dataNodes = new Set([
  'StringLiteral',
  'NumericLiteral',
  'BigIntLiteral',
  'BooleanLiteral',
  'NullLiteral',
  'TemplateLiteral',
  'TemplateElement',
  'Identifier',
  'MemberExpression',
  'UnaryExpression',
  'BinaryExpression',
  'ArrayExpression',
  'SpreadElement',
  'ObjectExpression',
  'ObjectProperty',
  'TSAsExpression',
  'TSSatisfiesExpression',
])

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string'
}

/** The file's program node. Throws a SyntaxError with `loc`. */
export function parseProgram(text: string): SyntaxNode {
  const program: unknown = parse(text, { sourceType: 'module', plugins: ['typescript'] }).program
  if (!isNode(program)) throw new TypeError('the parser gave no program')
  return program
}

/** Child nodes with the property they hang on, in source order. */
export function children(node: SyntaxNode): { key: string; node: SyntaxNode }[] {
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'loc' || key.endsWith('Comments')) return []
    return (Array.isArray(value) ? value : [value]).filter(isNode).map((child) => ({ key, node: child }))
  })
}

/** Visits every node, parents first. */
export function walk(
  node: SyntaxNode,
  visit: (node: SyntaxNode, parent: SyntaxNode | undefined, key: string) => void,
): void {
  const step = (current: SyntaxNode, parent: SyntaxNode | undefined, key: string): void => {
    visit(current, parent, key)
    for (const child of children(current)) step(child.node, current, child.key)
  }
  step(node, undefined, '')
}

/** Reads a file; one that does not parse is empty and carries the fault. */
export function readSource(text: string): Source {
  let program: SyntaxNode
  try {
    program = parseProgram(text)
  } catch (error) {
    const line = error instanceof SyntaxError && 'loc' in error && isPosition(error.loc) ? error.loc.line : 1
    const message = error instanceof Error ? error.message : String(error)
    return { imports: [], exportsCode: false, fetchLines: [], strings: [], fault: { line, message } }
  }
  const imports: Import[] = []
  const fetchLines: number[] = []
  const strings: string[] = []
  walk(program, (node, parent, key) => {
    const found = importOf(node)
    if (found !== undefined) imports.push(found)
    if (usesFetch(node, parent, key)) fetchLines.push(node.loc.start.line)
    if (node.type === 'StringLiteral' && typeof node.value === 'string') strings.push(node.value)
    if (node.type === 'TemplateElement') strings.push(textOf(node))
  })
  return { imports, exportsCode: nodesOf(program, 'body').some(exportsCode), fetchLines, strings }
}

function isPosition(value: unknown): value is { line: number } {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'line') === 'number'
}

/** The child nodes in one property. */
export function nodesOf(node: SyntaxNode, key: string): SyntaxNode[] {
  const value = node[key]
  return (Array.isArray(value) ? value : [value]).filter(isNode)
}

function textOf(element: SyntaxNode): string {
  const value = element.value
  return typeof value === 'object' && value !== null ? String(Reflect.get(value, 'raw')) : ''
}

function importOf(node: SyntaxNode): Import | undefined {
  const source = node.source
  if (!isNode(source) || typeof source.value !== 'string') return undefined
  const specifiers = nodesOf(node, 'specifiers')
  const kinds = specifiers.map((specifier) => specifier.importKind ?? specifier.exportKind)
  const typesOnly =
    node.type === 'TSImportType' ||
    node.importKind === 'type' ||
    node.exportKind === 'type' ||
    (kinds.length > 0 && kinds.every((kind) => kind === 'type'))
  return { specifier: source.value, line: node.loc.start.line, kind: typesOnly ? 'type' : 'value' }
}

function exportsCode(statement: SyntaxNode): boolean {
  if (statement.type === 'ExportDefaultDeclaration') return !nodesOf(statement, 'declaration').every(isData)
  if (statement.type === 'ExportAllDeclaration') return statement.exportKind !== 'type'
  if (statement.type !== 'ExportNamedDeclaration' || statement.exportKind === 'type') return false
  const declaration = statement.declaration
  if (!isNode(declaration)) return nodesOf(statement, 'specifiers').some((one) => one.exportKind !== 'type')
  if (declaration.declare === true) return false
  if (declaration.type !== 'VariableDeclaration') return /^(Function|Class)Declaration$/.test(declaration.type)
  return nodesOf(declaration, 'declarations').some((one) => !nodesOf(one, 'init').every(isData))
}

/** Literals, tables of them, and arithmetic on them: there is nothing in them that a test could catch failing. */
function isData(node: SyntaxNode): boolean {
  if (dataNodes.has(node.type)) return children(node).every((child) => isData(child.node))
  return node.type.startsWith('TS')
}

function usesFetch(node: SyntaxNode, parent: SyntaxNode | undefined, key: string): boolean {
  if (node.type === 'Identifier' && node.name === 'fetch') return isGlobalReference(parent, key)
  if (!/^(Optional)?CallExpression$/.test(node.type)) return false
  const [callee] = nodesOf(node, 'callee')
  if (callee === undefined || !/^(Optional)?MemberExpression$/.test(callee.type)) return false
  const [property] = nodesOf(callee, 'property')
  if (property?.type !== 'Identifier' || property.name !== 'fetch' || isGlobalObject(callee)) return false
  // With three arguments a handler is handed request, env and context; an outgoing call has two at most.
  return nodesOf(node, 'arguments').length !== 3
}

function isGlobalReference(parent: SyntaxNode | undefined, key: string): boolean {
  if (parent === undefined || parent.type.startsWith('TS')) return false
  if (key === 'property' && parent.computed !== true) return isGlobalObject(parent)
  if (/^(ObjectProperty|ObjectMethod|ClassMethod|ClassProperty)$/.test(parent.type)) return key === 'value'
  return true
}

function isGlobalObject(member: SyntaxNode): boolean {
  const [object] = nodesOf(member, 'object')
  return object?.type === 'Identifier' && (object.name === 'globalThis' || object.name === 'self')
}
