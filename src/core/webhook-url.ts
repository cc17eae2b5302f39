/** Which URLs an event may be sent to: those of public HTTPS receivers. No I/O. */
import ipaddr from 'ipaddr.js'
import { WEBHOOK_PORTS, WEBHOOK_URL_CHARS_MAX } from './webhook-limits.ts'

/** What is known of a deployment where a URL is judged. */
export interface WebhookUrlRules {
  /** Names of the deployment itself; `*.example.com` stands for all below that name. */
  readonly ownHosts: readonly string[]
  /** For development: plain HTTP, any port and any host (`SLUICE_WEBHOOKS_PRIVATE`). */
  readonly allowPrivate: boolean
}

/**
 * Names that never are a public receiver's: RFC 6761, 6762, 7686 and 8375, ICANN's .internal and those it keeps back for
 * their use in private networks.
 */
const PRIVATE_SUFFIXES = [
  ...['localhost', 'local', 'internal', 'arpa', 'test', 'invalid', 'onion', 'alt'],
  ...['localdomain', 'lan', 'intranet', 'private', 'corp', 'home', 'mail'],
]

/**
 * What is wrong with a URL, to stand behind "must"; null when nothing is. A name is not resolved here: one that
 * leads to a private address is for the network to refuse.
 */
export function webhookUrlFault(text: string, { ownHosts, allowPrivate }: WebhookUrlRules): string | null {
  if (text.length > WEBHOOK_URL_CHARS_MAX) return `have at most ${WEBHOOK_URL_CHARS_MAX} characters`
  // The parser forgives white space, backslashes, missing and surplus slashes; what means two things means none here.
  if (!/^[!-~]+$/.test(text) || text.includes('\\')) return 'be printable ASCII without spaces or backslashes'
  const scheme = allowPrivate ? /^https?:\/\/(?=[^/])/i : /^https:\/\/(?=[^/])/i
  if (!scheme.test(text)) return 'begin with https:// and name a host'
  const url = URL.parse(text)
  if (url === null) return 'be a URL, as in https://hooks.example.com/sluice'
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(text)) return 'not carry a user name or password'
  if (text.includes('#')) return 'not carry a fragment'
  if (allowPrivate) return null
  if (url.port !== '' && !WEBHOOK_PORTS.includes(Number(url.port))) return `have port ${WEBHOOK_PORTS.join(' or ')}`
  return hostFault(url.hostname, ownHosts)
}

function hostFault(hostname: string, ownHosts: readonly string[]): string | null {
  const host = withoutDot(hostname)
  // The URL parser has brought every spelling of an IPv4 address (octal, hex, short, escaped) to the dotted one by now.
  if (host.startsWith('[') || ipaddr.isValid(host)) return 'name a host, not an IP address'
  const labels = host.split('.')
  if (labels.includes('')) return 'name a host without empty parts'
  if (!labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) return 'name a host in letters, digits and hyphens'
  if (labels.length < 2) return 'name a public host, with a dot in its name'
  const suffix = PRIVATE_SUFFIXES.find((one) => labels.at(-1) === one)
  if (suffix !== undefined) return `name a public host; .${suffix} is not`
  return ownHosts.some((own) => isOwn(host, own)) ? 'not lead back here' : null
}

function isOwn(host: string, own: string): boolean {
  const name = withoutDot(own.toLowerCase())
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name
}

/** `example.com.` is `example.com`. */
const withoutDot = (host: string): string => host.replace(/\.$/, '')
