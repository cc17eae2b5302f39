/** The table of rooms, and the rule that holds imports to it. */
import { describe, expect, it } from 'vitest'
import { checkRooms, packageOf, roomOf } from '../../../scripts/tidy/rooms.ts'
import { treeOf } from '../../../scripts/tidy/tree.ts'

function faultsOf(path: string, text: string): string[] {
  return checkRooms(treeOf({ [path]: text })).map((fault) => `${fault.path}:${fault.line} ${fault.message}`)
}

describe('allowed', () => {
  it.each([
    ['src/route/pick.ts', "import { backoff } from '../lib/backoff.ts'"],
    ['src/route/pick.ts', "import { score } from './score.ts'"],
    ['src/dispatch/run.ts', "import type { Plan } from '../route/plan.ts'"],
    ['src/dispatch/run.ts', "import type { Vault } from '../vault/types.ts'"],
    ['src/stores/types.ts', "import type { Usage } from '../core/usage.ts'"],
    ['src/stores/embedded/a.ts', "import type { TenantObject } from '../../objects/tenant.ts'"],
    ['src/gateway.ts', "import type { Services } from './services.ts'"],
    ['src/gateway.ts', "import { route } from './route/route.ts'"],
    ['src/index.ts', "import { app } from './edge/app.ts'"],
    ['src/edge/app.ts', "import { Hono } from 'hono'\nimport { z } from '@hono/zod-openapi'"],
    ['src/core/config.ts', "import { z } from 'zod'"],
    ['src/core/ledger/a.ts', "import { BoundedMap } from '../../lib/bounded-map.ts'"],
    ['src/core/ledger/a.ts', "import { create } from 'temporal-polyfill/fns/ZonedDateTime'"],
    ['src/providers/bridge.ts', "import type { LanguageModelV4 } from '@ai-sdk/provider'"],
    ['src/objects/tenant.ts', "import { DurableObject } from 'cloudflare:workers'"],
  ])('%s: %s', (path, text) => {
    expect(faultsOf(path, text)).toEqual([])
  })
})

describe('refused', () => {
  it.each([
    ['src/core/a.ts', "import { b } from '../edge/b.ts'", 'core may not import from edge'],
    ['src/core/a.ts', "import { b } from '../lib/outgoing.ts'", 'core may not import src/lib/outgoing.ts'],
    ['src/lib/a.ts', "import { b } from '../core/b.ts'", 'lib may not import from core'],
    ['src/core/a.ts', "import type { B } from '../stores/types.ts'", 'core may not import from stores/types'],
    ['src/route/a.ts', "import { authenticate } from '../authenticate/a.ts'", 'only types from authenticate'],
    ['src/route/a.ts', "import type { Outcome } from '../dispatch/a.ts'", 'route may not import from dispatch'],
    ['src/route/a.ts', "import type { E } from '../stores/embedded/a.ts'", 'route may not import from stores/embedded'],
    ['src/objects/a.ts', "import { answer } from '../gateway.ts'", 'objects may not import from gateway'],
    ['src/edge/a.ts', "import { services } from '../services.ts'", 'edge may import only types from services'],
    ['src/gateway.ts', "import { vault } from './vault/a.ts'", 'gateway may not import from vault'],
    ['src/dispatch/a.ts', "import { Hono } from 'hono/tiny'", 'dispatch may not import the package hono'],
    ['src/lib/a.ts', "import { createHash } from 'node:fs'", 'lib may not import the package node:fs'],
    ['src/lib/a.ts', "import { b } from '../../test/b.ts'", 'outside src/'],
    ['src/misc/a.ts', 'export {}', 'is in no room'],
    ['src/lib/a.ts', 'const = 1', 'Unexpected token'],
  ])('%s: %s', (path, text, message) => {
    expect(faultsOf(path, text)).toEqual([expect.stringContaining(message)])
  })

  it('names the line', () => {
    expect(faultsOf('src/lib/a.ts', "\n\nimport { z } from 'zod'")).toEqual([
      'src/lib/a.ts:3 lib may not import the package zod',
    ])
  })
})

it('tells the room of a path and the package of a specifier', () => {
  expect(roomOf('src/stores/embedded/a.ts')).toBe('stores/embedded')
  expect(roomOf('src/stores/types.ts')).toBe('stores/types')
  expect(roomOf('src/gateway.ts')).toBe('gateway')
  expect(roomOf('src/stores/other.ts')).toBeUndefined()
  expect(packageOf('@scope/name/deep')).toBe('@scope/name')
  expect(packageOf('name/deep')).toBe('name')
  expect(packageOf('node:fs/promises')).toBe('node:fs/promises')
})
