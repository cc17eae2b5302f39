/** A provider's list of its models → OpenAI's. No I/O. */
import { isObject, listOf, stringOf } from './json.ts'

/** `{data:[{id}]}` as OpenAI and Anthropic have it, or Google's `{models:[{name:"models/…"}]}`. */
export function modelList(value: unknown): { object: 'list'; data: { id: string; object: 'model' }[] } {
  const models = isObject(value) ? [...listOf(value.data), ...listOf(value.models)] : []
  const ids = models.flatMap((model) => (isObject(model) ? (stringOf(model.id) ?? stringOf(model.name) ?? []) : []))
  return { object: 'list', data: ids.map((id) => ({ id: id.replace(/^models\//, ''), object: 'model' })) }
}
