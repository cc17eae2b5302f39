/** The cache over its objects in workerd: the contract, and what an isolate is spared. */

import { env } from 'cloudflare:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { createReplyCache } from '../../../src/stores/embedded/reply-cache.ts'
import { replyCacheContract } from '../../contracts/reply-cache.ts'

const tools = { clock: systemClock, random: () => 0, background: () => {} }
replyCacheContract(() => createReplyCache(env.CACHE, tools))
