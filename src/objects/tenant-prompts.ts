/** A tenant's prompt templates: versions of each, every change with its audit entry. They are the operator's words, in clear. */
import { configChanges } from '../core/config-diff.ts'
import { TEMPLATE_VERSIONS_MAX, TEMPLATES_PER_TENANT_MAX } from '../core/prompts/limits.ts'
import type {
  ListedTemplate,
  StoredTemplate,
  Template,
  TemplateAsk,
  TemplateReplies,
  TemplateVersion,
} from '../core/prompts/types.ts'
import { all, first, run } from './sql.ts'
import type { TenantChanges } from './tenant-changes.ts'
import type { TenantRecords } from './tenant-records.ts'

/** A template's row outlives it, for its version: none is used twice. `version` is the newest. */
export const PROMPTS_SCHEMA = `
  CREATE TABLE prompts (name TEXT PRIMARY KEY, version INTEGER NOT NULL, is_deleted INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE prompt_versions (
    name TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL, actor TEXT NOT NULL, rollback_of INTEGER,
    template TEXT NOT NULL, UNIQUE (name, version));`

interface VersionRow extends Record<string, SqlStorageValue> {
  version: number
  at: string
  actor: string
  rollback_of: number | null
}

type Reply = TemplateReplies[keyof TemplateReplies]

/** The templates of one tenant. Only for an object that is somebody's. */
export class TenantPrompts {
  readonly #statements: ReturnType<typeof statements>
  readonly #records: TenantRecords
  readonly #changes: TenantChanges

  constructor(sql: SqlStorage, records: TenantRecords, changes: TenantChanges) {
    this.#statements = statements(sql)
    this.#records = records
    this.#changes = changes
  }

  /** Answers with the reply that its kind of question has. */
  answer(ask: TemplateAsk): Reply | Promise<Reply> {
    switch (ask.op) {
      case 'put':
        return this.#put(ask.name, ask.template, ask.actor)
      case 'list':
        return this.#list()
      case 'read':
        return this.#read(ask.name, ask.version)
      case 'versions':
        return this.#statements.versions(ask.name).map(versionOf)
      case 'rollback':
        return this.#rollback(ask.name, ask.version, ask.actor)
      case 'delete':
        return this.#delete(ask.name, ask.actor)
    }
  }

  async #put(name: string, template: Template, actor: string): Promise<TemplateReplies['put']> {
    const newest = this.#read(name, null)
    if (newest !== null && configChanges(newest.template, template).length === 0)
      return { created: false, version: newest.version }
    if (newest === null && (this.#statements.count()?.living ?? 0) >= TEMPLATES_PER_TENANT_MAX) return 'full'
    const version = await this.#add(name, template, { actor, newest, rollbackOf: null })
    return { created: newest === null, version }
  }

  #list(): ListedTemplate[] {
    return this.#statements.list()
  }

  #read(name: string, version: number | null): StoredTemplate | null {
    const wanted = version ?? this.#statements.newest(name)?.version
    const row = wanted === undefined ? undefined : this.#statements.version(name, wanted)
    return row === undefined ? null : { ...versionOf(row), template: JSON.parse(row.template) as Template }
  }

  async #rollback(name: string, version: number, actor: string): Promise<TemplateReplies['rollback']> {
    const [newest, old] = [this.#read(name, null), this.#read(name, version)]
    if (newest === null || old === null) return null
    return { version: await this.#add(name, old.template, { actor, newest, rollbackOf: version }) }
  }

  async #delete(name: string, actor: string): Promise<TemplateReplies['delete']> {
    const newest = this.#read(name, null)
    if (newest === null) return null
    if (this.#records.policy()?.tenant.profileTemplate === name) return 'in-use'
    const head = { actor, action: 'prompt.delete', where: `/prompts/${name}` }
    await this.#changes.make(head, { before: { version: newest.version } }, () => {
      this.#statements.bury(name)
      this.#statements.drop(name, newest.version)
    })
    return 'deleted'
  }

  /** The audit log names versions; what is in them is here. */
  async #add(
    name: string,
    template: Template,
    { actor, newest, rollbackOf }: { actor: string; newest: StoredTemplate | null; rollbackOf: number | null },
  ): Promise<number> {
    const version = (this.#statements.last(name)?.version ?? 0) + 1
    const verb = rollbackOf !== null ? 'rollback' : newest === null ? 'create' : 'replace'
    const sides = {
      ...(newest === null ? {} : { before: { version: newest.version } }),
      after: { version, ...(rollbackOf === null ? {} : { rollbackOf }) },
    }
    await this.#changes.make({ actor, action: `prompt.${verb}`, where: `/prompts/${name}` }, sides, () => {
      const at = new Date().toISOString()
      this.#statements.put(name, version)
      this.#statements.insert(name, version, at, actor, rollbackOf, JSON.stringify(template))
      this.#statements.drop(name, version - TEMPLATE_VERSIONS_MAX)
    })
    return version
  }
}

const versionOf = ({ version, at, actor, rollback_of: rollbackOf }: VersionRow): TemplateVersion => ({
  version,
  at,
  actor,
  rollbackOf,
})

function statements(sql: SqlStorage) {
  return {
    count: first<{ living: number }>(sql, 'SELECT COUNT(*) AS living FROM prompts WHERE is_deleted = 0'),
    last: first<{ version: number }, [string]>(sql, 'SELECT version FROM prompts WHERE name = ?'),
    newest: first<{ version: number }, [string]>(sql, 'SELECT version FROM prompts WHERE name = ? AND is_deleted = 0'),
    list: all<{ name: string; version: number; at: string; description: string | null }>(
      sql,
      `SELECT name, version, at, json_extract(template, '$.description') AS description FROM prompts JOIN prompt_versions USING (name, version)
       WHERE is_deleted = 0 ORDER BY name`,
    ),
    version: first<VersionRow & { template: string }, [string, number]>(
      sql,
      'SELECT * FROM prompt_versions WHERE name = ? AND version = ?',
    ),
    versions: all<VersionRow, [string]>(
      sql,
      'SELECT version, at, actor, rollback_of FROM prompt_versions WHERE name = ? ORDER BY version DESC',
    ),
    put: run<[string, number]>(sql, 'INSERT OR REPLACE INTO prompts VALUES (?, ?, 0)'),
    bury: run<[string]>(sql, 'UPDATE prompts SET is_deleted = 1 WHERE name = ?'),
    insert: run<[string, number, string, string, number | null, string]>(
      sql,
      'INSERT INTO prompt_versions VALUES (?, ?, ?, ?, ?, ?)',
    ),
    drop: run<[string, number]>(sql, 'DELETE FROM prompt_versions WHERE name = ? AND version <= ?'),
  }
}
