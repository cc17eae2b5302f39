/** Rooms that need the runtime run inside workerd, pure rooms and black-box suites in Node, those that mostly wait last. */
import { resolve } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const root = resolve(import.meta.dirname, '..')
const inWorkerd = [
  'test/objects/**/*.test.ts',
  'test/stores/embedded/**/*.test.ts',
  'test/vault/**/*.test.ts',
  'test/authenticate/**/*.test.ts',
  'test/admin/**/*.test.ts',
  'test/edge/**/*.test.ts',
  'test/*.test.ts',
]
/** No I/O, or none that others could notice: side by side, as many as there are cores. */
const pure = ['core', 'lib', 'providers', 'admit', 'recall', 'route', 'dispatch', 'record'].map(
  (room) => `test/${room}/**/*.test.ts`,
)
/** They wait out a reservation's time or an outage: half a minute and more of wall clock, and hardly any work. */
const patient = ['test/faults/ledger-far.test.ts', 'test/faults/ledger-lost.test.ts']

export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                SLUICE_MASTER_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
                SLUICE_ADMIN_TOKEN: 'test-admin-token-0123456789abcdefghij',
                SLUICE_ALLOW_PRIVATE: '1',
              },
            },
          }),
        ],
        test: { name: 'workerd', include: inWorkerd, testTimeout: 20_000 },
      },
      {
        root,
        test: { name: 'pure', include: pure, testTimeout: 60_000 },
      },
      {
        root,
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [...inWorkerd, ...pure, ...patient],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        root,
        test: {
          name: 'patient',
          include: patient,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
