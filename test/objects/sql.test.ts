/** Statements and schema steps over a real object's database. */

import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { all, each, first, migrate, run, schemaVersion } from '../../src/objects/sql.ts'

let count = 0
const withStorage = (use: (storage: DurableObjectStorage) => void): Promise<void> =>
  runInDurableObject(env.TENANT.get(env.TENANT.idFromName(`sql-${++count}`)), (_, { storage }) => use(storage))

it('takes the steps that were not taken yet, once', () =>
  withStorage((storage) => {
    expect(schemaVersion(storage.sql)).toBe(0)
    migrate(storage, ['CREATE TABLE a (x INTEGER)'])
    migrate(storage, ['CREATE TABLE a (x INTEGER)', 'ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO a VALUES (1, 2)'])
    expect(schemaVersion(storage.sql)).toBe(2)
    expect(storage.sql.exec('SELECT * FROM a').toArray()).toEqual([{ x: 1, y: '2' }])
    migrate(storage, ['CREATE TABLE a (x INTEGER)'])
    expect(schemaVersion(storage.sql)).toBe(2)
  }))

it('takes all steps or none', () =>
  withStorage((storage) => {
    expect(() => migrate(storage, ['CREATE TABLE a (x INTEGER)', 'nonsense'])).toThrow()
    expect(schemaVersion(storage.sql)).toBe(0)
    migrate(storage, ['CREATE TABLE a (x INTEGER)'])
    expect(schemaVersion(storage.sql)).toBe(1)
  }))

it('answers with rows, one row, or none', () =>
  withStorage(({ sql }) => {
    sql.exec('CREATE TABLE a (x INTEGER)')
    const insert = run<[number]>(sql, 'INSERT INTO a VALUES (?)')
    for (const x of [1, 2, 3]) insert(x)
    const over = 'SELECT x FROM a WHERE x > ? ORDER BY x'
    expect(all<{ x: number }, [number]>(sql, over)(1)).toEqual([{ x: 2 }, { x: 3 }])
    expect(first<{ x: number }, [number]>(sql, over)(1)).toEqual({ x: 2 })
    expect(first<{ x: number }, [number]>(sql, over)(3)).toBeUndefined()
    expect([...each<{ x: number }, [number]>(sql, over)(2)]).toEqual([{ x: 3 }])
  }))
