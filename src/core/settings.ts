/** The variables and secrets of a deployment: read once, and a fault said with the variable's name, never its value. No I/O. */

/** Variables as the platform hands them over; an empty one counts as absent. */
export interface Settings {
  readonly masterKey: string
  readonly previousMasterKey: string | undefined
  /** Current first; the second is honoured during a change. */
  readonly adminTokens: readonly string[]
  /** Upstream URLs may be plain HTTP on private or loopback addresses. */
  readonly allowPrivate: boolean
  /** For development: webhooks may go to plain HTTP, any port and private addresses. */
  readonly webhooksPrivate: boolean
  /** Upstash Redis over REST; undefined where the deployment has none. */
  readonly redis: RestStore | undefined
  /** Upstash Vector over REST; undefined where the deployment has none. */
  readonly vector: RestStore | undefined
}

/** Where a store is reached over REST, and the token that opens it. */
export interface RestStore {
  readonly url: string
  readonly token: string
}

/** What is wrong with which variable. */
export interface SettingsFault {
  readonly variable: string
  readonly message: string
}

const ADMIN_TOKEN_CHARS_MIN = 32
/** What a header can carry, and what is said of anything else. */
const PRINTABLE = /^[!-~]+$/
const NOT_PRINTABLE = 'is malformed: it must be printable ASCII without spaces'
/** 1, or not set. */
const SWITCHES = ['SLUICE_ALLOW_PRIVATE', 'SLUICE_WEBHOOKS_PRIVATE'] as const
/** Either both of a pair are set or neither. */
const PAIRS = [
  ['UPSTASH_REDIS_REST_URL', 'UPSTASH_REDIS_REST_TOKEN'],
  ['UPSTASH_VECTOR_REST_URL', 'UPSTASH_VECTOR_REST_TOKEN'],
] as const

/** Reads the settings; `masterKeyFault` knows what a master key must be. The first fault found is told. */
export function readSettings(
  variables: Readonly<Record<string, unknown>>,
  masterKeyFault: (value: string | undefined) => string | null,
): Settings | SettingsFault {
  const read = (name: string): string | undefined => {
    const value = variables[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const masterKey = read('SLUICE_MASTER_KEY') ?? ''
  const fault = masterKeyFault(masterKey)
  if (fault !== null) return { variable: 'SLUICE_MASTER_KEY', message: fault }
  const previousMasterKey = read('SLUICE_MASTER_KEY_PREVIOUS')
  const previousFault = previousMasterKey === undefined ? null : masterKeyFault(previousMasterKey)
  if (previousFault !== null) return { variable: 'SLUICE_MASTER_KEY_PREVIOUS', message: previousFault }
  const adminTokens: string[] = []
  for (const variable of ['SLUICE_ADMIN_TOKEN', 'SLUICE_ADMIN_TOKEN_PREVIOUS']) {
    const token = read(variable)
    if (token === undefined && variable === 'SLUICE_ADMIN_TOKEN') return { variable, message: 'is not set' }
    if (token === undefined) continue
    if (token.length < ADMIN_TOKEN_CHARS_MIN)
      return { variable, message: `is shorter than ${ADMIN_TOKEN_CHARS_MIN} characters` }
    if (!PRINTABLE.test(token)) return { variable, message: NOT_PRINTABLE }
    adminTokens.push(token)
  }
  const stores: (RestStore | undefined)[] = []
  for (const pair of PAIRS) {
    const missing = pair.find((name) => read(name) === undefined)
    if (missing !== undefined && pair.some((name) => read(name) !== undefined))
      return { variable: missing, message: 'is not set, but the other of its pair is' }
    const [url, token] = pair.map(read)
    stores.push(url === undefined || token === undefined ? undefined : { url, token })
    if (url === undefined || token === undefined) continue
    if (!isBaseUrl(url))
      return { variable: pair[0], message: 'is malformed: it must be a URL, as in https://name.upstash.io' }
    // A header with it would be refused at every call, with the token in the runtime's message.
    if (!PRINTABLE.test(token)) return { variable: pair[1], message: NOT_PRINTABLE }
  }
  // Whoever writes `true` believes that it counts: better told at the start than by the first URL that is refused.
  const malformed = SWITCHES.find((variable) => !/^[01]$/.test(read(variable) ?? '0'))
  if (malformed !== undefined) return { variable: malformed, message: 'is malformed: it is 1, or not set' }
  const [allowPrivate = false, webhooksPrivate = false] = SWITCHES.map((variable) => read(variable) === '1')
  const [redis, vector] = stores
  return { masterKey, previousMasterKey, adminTokens, allowPrivate, webhooksPrivate, redis, vector }
}

/** Scheme, host, port and path: what a call's own path can be put behind. */
function isBaseUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === ''
}
