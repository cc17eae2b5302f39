/** What the admin API takes: bodies and queries. Unknown fields are faults everywhere. No I/O. */
import { z } from 'zod'
import { limitSchema } from './config.ts'
import {
  ADMIN_PAGE_DEFAULT,
  ADMIN_PAGE_MAX,
  CREDENTIAL_CHARS_MAX,
  DISPLAY_NAME_CHARS_MAX,
  LIMITS_MAX,
  METADATA_ENTRIES_MAX,
  METADATA_VALUE_CHARS_MAX,
  MODEL_GLOBS_MAX,
  OVERLAP_SECONDS_DEFAULT,
  OVERLAP_SECONDS_MAX,
  TIMEOUT_MAX_MS,
} from './limits.ts'
import { templateNameSchema } from './prompts/schema.ts'

/** Id of a tenant, as it stands inside its API keys. */
export const tenantIdSchema = z.string().regex(/^[a-z0-9-]{1,32}$/, 'must be 1 to 32 of a-z, 0-9 and -')
/** Name of a record in the vault. */
export const credentialNameSchema = z.string().regex(/^[a-z0-9-]{1,64}$/, 'must be 1 to 64 of a-z, 0-9 and -')

const displayName = z.string().min(1).max(DISPLAY_NAME_CHARS_MAX)
const models = z
  .array(z.string().regex(/^[!-~]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces'))
  .max(MODEL_GLOBS_MAX)
  .describe('Globs over model aliases; absent: all, []: none')
/** Which fields of a limit go together is checked beside this, by `limitFaults`. */
const limits = z.array(limitSchema).max(LIMITS_MAX)
const metadata = z
  .record(z.string().min(1).max(64), z.string().max(METADATA_VALUE_CHARS_MAX))
  .refine((entries) => Object.keys(entries).length <= METADATA_ENTRIES_MAX, `holds more than ${METADATA_ENTRIES_MAX}`)
const profileTemplate = templateNameSchema.describe("Prompt template that end users' profiles are rendered through")
const waitMaxMs = z.number().int().min(0).max(TIMEOUT_MAX_MS)

const NO_INSTANT = 'must be an RFC 3339 date and time'
/** RFC 3339 with seconds and offset; handed on in UTC with milliseconds, so that stored times compare as text. */
const instant = z.iso
  .datetime({ offset: true, error: NO_INSTANT, abort: true })
  .regex(/T\d\d:\d\d:\d\d/, { error: NO_INSTANT, abort: true })
  .overwrite((text) => new Date(text).toISOString())

/** A value that can stand in a header, which is where every credential of ours ends up. */
const secret = z
  .string()
  .max(CREDENTIAL_CHARS_MAX)
  .regex(/^[!-~]([ -~]*[!-~])?$/, 'must be printable ASCII without white space at either end')

export const credentialInputSchema = z.strictObject({ value: secret })

export const tenantCredentialInputSchema = z.strictObject({
  value: secret,
  fallbackToOperator: z
    .boolean()
    .default(false)
    .describe("May the operator's credential of this name stand in when this one is refused?"),
})

export const tenantInputSchema = z.strictObject({
  id: tenantIdSchema,
  name: displayName,
  limits: limits.optional(),
  models: models.optional(),
  metadata: metadata.optional(),
  waitMaxMs: waitMaxMs.optional(),
  profileTemplate: profileTemplate.optional(),
  region: z
    .enum(['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'apac-ne', 'apac-se', 'oc', 'afr', 'me'])
    .optional()
    .describe("Where the tenant's object is made; fixed at creation"),
  jurisdiction: z.enum(['eu', 'us', 'fedramp', 'fedramp-high']).optional(),
})

/** Replaces the fields it names, lists whole; null takes an optional field away. */
export const tenantPatchSchema = z.strictObject({
  name: displayName.optional(),
  state: z.enum(['active', 'suspended']).optional(),
  limits: limits.nullish(),
  models: models.nullish(),
  metadata: metadata.nullish(),
  waitMaxMs: waitMaxMs.nullish(),
  profileTemplate: profileTemplate.nullish(),
})

const expiresAt = instant.describe('In the future')

export const keyInputSchema = z.strictObject({
  name: displayName,
  expiresAt: expiresAt.nullish(),
  models: models.optional(),
  limits: limits.optional(),
  debug: z.boolean().optional(),
})

/** Replaces the fields it names, lists whole; null takes an optional field away. */
export const keyPatchSchema = z.strictObject({
  name: displayName.optional(),
  expiresAt: expiresAt.nullish(),
  models: models.nullish(),
  limits: limits.nullish(),
  debug: z.boolean().nullish(),
})

export const rotateInputSchema = z.strictObject({
  overlapSeconds: z.number().int().min(0).max(OVERLAP_SECONDS_MAX).default(OVERLAP_SECONDS_DEFAULT),
})

/** What a URL must be is said beside this, by `webhookUrlFault`. */
export const webhookInputSchema = z.strictObject({
  url: z
    .string()
    .nullish()
    .describe(
      'HTTPS on port 443 or 8443, at a public name: where the ends of background and detached requests are told ' +
        'that name no other; null: nowhere; absent: as before',
    ),
})

export const rollbackInputSchema = z.strictObject({ version: z.number().int().min(1) })

const limit = z.coerce.number().int().min(1).max(ADMIN_PAGE_MAX).default(ADMIN_PAGE_DEFAULT)

/** Of every list: `after` is the `last` of the page before. */
export const pageQuerySchema = z.strictObject({ after: z.string().max(256).optional(), limit })

export const configQuerySchema = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: validate and compare, change nothing')
    .transform((text) => text === 'true'),
})

const dimension = z.enum(['model', 'key', 'day'])

export const usageQuerySchema = z
  .strictObject({
    from: instant.optional(),
    to: instant.optional().describe('Not included itself'),
    by: z
      .string()
      .default('')
      .describe('Any of model, key and day, with commas between')
      .transform((text) => (text === '' ? [] : text.split(',')))
      .pipe(z.array(dimension).max(3)),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, {
    path: ['to'],
    message: 'must be after from',
  })

/** What is purged of a tenant's cache: all that fits every field named. */
export const purgeQuerySchema = z.strictObject({
  model: z
    .string()
    .regex(/^[!-~]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces')
    .optional()
    .describe('Alias; also one that the config does not have any more'),
  before: instant.optional().describe('Stored before this moment, RFC 3339'),
  knowledgeVersion: z
    .string()
    .regex(/^[!-~]{1,64}$/, 'must be 1 to 64 printable ASCII characters without spaces')
    .optional()
    .describe('Made with this version of knowledge'),
})

export type TenantInput = z.output<typeof tenantInputSchema>
export type TenantPatch = z.output<typeof tenantPatchSchema>
export type KeyInput = z.output<typeof keyInputSchema>
export type KeyPatch = z.output<typeof keyPatchSchema>
