/** Prompt templates and profiles: what is stored, asked and answered. No I/O. */

/** What a value of a variable must be. */
export type VariableType = 'string' | 'number' | 'integer' | 'boolean' | 'json'

export interface Variable {
  readonly type: VariableType
  /** Absent: true. One that has a default need not be sent all the same. */
  readonly required?: boolean | undefined
  readonly default?: unknown
  /** Of a string, or of anything else as JSON, in UTF-16 units. */
  readonly maxChars?: number | undefined
}

/** A message before or after its placeholders are filled. */
export interface FrameMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly content: string
}

/** A template as an operator writes it. */
export interface Template {
  readonly messages: readonly FrameMessage[]
  readonly variables?: Readonly<Record<string, Variable>> | undefined
  readonly description?: string | undefined
}

/** One version of a template. */
export interface TemplateVersion {
  readonly version: number
  /** RFC 3339. */
  readonly at: string
  readonly actor: string
  /** Set where this version came from a rollback. */
  readonly rollbackOf: number | null
}

export interface StoredTemplate extends TemplateVersion {
  readonly template: Template
}

/** A template in a list. */
export interface ListedTemplate {
  readonly name: string
  readonly version: number
  /** When that version was made, RFC 3339. */
  readonly at: string
  readonly description: string | null
}

/** What a tenant's object is asked about its templates; every change names who makes it. */
export type TemplateAsk =
  | { readonly op: 'put'; readonly name: string; readonly template: Template; readonly actor: string }
  | { readonly op: 'list' }
  /** `version` null: the newest. */
  | { readonly op: 'read'; readonly name: string; readonly version: number | null }
  | { readonly op: 'versions'; readonly name: string }
  | { readonly op: 'rollback'; readonly name: string; readonly version: number; readonly actor: string }
  | { readonly op: 'delete'; readonly name: string; readonly actor: string }

/** What it answers, by what was asked. Null: there is none, or the tenant is gone. */
export interface TemplateReplies {
  readonly put: { readonly created: boolean; readonly version: number } | 'full' | null
  readonly list: readonly ListedTemplate[] | null
  readonly read: StoredTemplate | null
  /** Newest first; empty where there is no such template. */
  readonly versions: readonly TemplateVersion[] | null
  readonly rollback: { readonly version: number } | null
  readonly delete: 'deleted' | 'in-use' | null
}

/** What is known of an end user. */
export interface Profile {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
}

/** A template or version that an isolate keeps; null: there is none. */
export interface KeptTemplate {
  readonly stored: StoredTemplate | null
}

/** A profile that an isolate keeps. */
export interface KeptProfile {
  /** As its object has it; null: there is none. */
  readonly sealed: string | null
  /** Opened by the first who needed it. */
  opened: Profile | null
}

/** What a request is framed in. */
export interface Frame {
  /** Of the profile; null where there is none. */
  readonly system: string | null
  /** Of the template. */
  readonly messages: readonly FrameMessage[]
}
