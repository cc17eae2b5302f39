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
  'test/edge/*.test.ts',
  'test/edge/kept/*.test.ts',
  'test/edge/{memory,conversations}/*.test.ts',
  'test/scripts/bench/pool-worker/*.test.ts',
  'test/*.test.ts',
]
/** Of those, what others in the same runtime would disturb, or be disturbed by: the one Directory, and the clock. */
const alone = [
  'test/admin/**/*.test.ts',
  'test/edge/app.test.ts',
  'test/objects/{directory,directory-erasure,directory-records,vectors}.test.ts',
  'test/stores/embedded/directory.test.ts',
  'test/scripts/bench/pool-worker/*.test.ts',
  'test/*.test.ts',
]
/** No I/O, or none that others could notice: side by side, as many as there are cores. */
const pure = [
  'test/{compose,core,lib,providers,recall,route,dispatch,record,jobs}/**/*.test.ts',
  'test/edge/{messages,responses}/**/*.test.ts',
  'test/scripts/{cli,sim,tidy,worker}/*.test.ts',
  'test/scripts/bench/{body,burst,lanes,limits-*,pool-*,recall-*,reply-reader,report,stats,stream-skins,table,verdict}.test.ts',
  // The guard gives its store a few ms, and the test that store is a real one.
  'test/admit/**/!(rate-guard).test.ts',
]
/** Black boxes that look at no clock but their own deadlines: two at a time. */
const beside = [
  'test/conformance/pull-workers.test.ts',
  'test/conformance/{admin,ai-sdk,documents,edge,openai,secrets,targets}.test.ts',
  'test/conformance/{anthropic,conversation,frames,messages,openai,relay,responses}-*.test.ts',
  'test/conformance/{recall-skins,skin-errors,webhooks,webhooks-live}.test.ts',
  'test/conformance/{conversations,idempotency,recall,sessions,streams,tenancy}.test.ts',
  'test/conformance/recall-{live,operator,rules}.test.ts',
  'test/conformance/pool-*.test.ts',
  'test/faults/bytes.test.ts',
  'test/faults/skins.test.ts',
  // They build, and look at what came of it.
  'test/scripts/{deploy,eval/worker/index,mutants/scratch}.test.ts',
]
/** They wait: for a drain, a restart, what is in force. Beside the black boxes, who leave them the time that they take. */
const waiting = [
  'test/conformance/{durability,session-death,streams-life}.test.ts',
  'test/scripts/{dev,serve,sluice-running}.test.ts',
]
/** They wait out a reservation's time or an outage to the second: at the same time, and nothing beside them. */
const patient = ['test/faults/ledger-{far,gone,lost}.test.ts']

const runtime = () =>
  cloudflareTest({
    wrangler: { configPath: './wrangler.toml' },
    miniflare: {
      bindings: {
        SLUICE_MASTER_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
        SLUICE_ADMIN_TOKEN: 'test-admin-token-0123456789abcdefghij',
        SLUICE_ALLOW_PRIVATE: '1',
      },
    },
  })

export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        plugins: [runtime()],
        test: { name: 'alone', include: alone, testTimeout: 20_000, maxWorkers: 2 },
      },
      {
        root,
        plugins: [runtime()],
        // A runtime serves many files: to start one takes longer than what most of them do.
        test: {
          name: 'workerd',
          include: inWorkerd,
          exclude: alone,
          testTimeout: 20_000,
          maxWorkers: 2,
          isolate: false,
        },
      },
      {
        root,
        // None keeps anything in its modules that another could notice, so a worker serves many files.
        test: { name: 'pure', include: pure, testTimeout: 60_000, maxWorkers: 2, isolate: false },
      },
      {
        root,
        test: {
          name: 'beside',
          globalSetup: 'test/support/shared-build.ts',
          include: [...waiting, ...beside],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      {
        root,
        test: {
          name: 'node',
          globalSetup: 'test/support/shared-build.ts',
          include: ['test/**/*.test.ts'],
          exclude: [...inWorkerd, ...pure, ...waiting, ...beside, ...patient],
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
          globalSetup: 'test/support/shared-build.ts',
          include: patient,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
