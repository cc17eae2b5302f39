/** What the admin API answers about prompt templates. No I/O. */
import { z } from 'zod'
import { templateSchema } from './schema.ts'

const id = z.string().describe('Its name')
const version = z.number().int()
const at = z.string().describe('When that version was made: RFC 3339, UTC')

export const putTemplateViewSchema = z.object({ id, version: version.describe('In force afterwards') })

export const listedTemplateViewSchema = z.object({ id, version, at, description: z.string().nullable() })

export const templateVersionViewSchema = z.object({
  version,
  at,
  actor: z.string(),
  rollbackOf: version.nullable(),
})

export const templateViewSchema = z.object({ id, ...templateVersionViewSchema.shape, ...templateSchema.shape })

export type PutTemplateView = z.output<typeof putTemplateViewSchema>
export type ListedTemplateView = z.output<typeof listedTemplateViewSchema>
export type TemplateVersionView = z.output<typeof templateVersionViewSchema>
export type TemplateView = z.output<typeof templateViewSchema>
