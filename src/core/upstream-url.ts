/** Which URLs an upstream may have: public HTTPS, unless a binding or the deployment says otherwise. No I/O. */
import ipaddr from 'ipaddr.js'

/** What may lie behind a URL that is not public HTTPS. */
export interface UrlRules {
  /** Reached through a VPC binding: private hosts and plain HTTP are its purpose. */
  readonly bound: boolean
  /** The deployment allows private upstreams (`SLUICE_ALLOW_PRIVATE`). */
  readonly allowPrivate: boolean
}

/** Names that never leave the machine or the network they are said in (RFC 6761, 6762, 8375; ICANN's .internal). */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'home.arpa']

/** What is wrong with an upstream's base URL; null when nothing is. */
export function upstreamUrlFault(text: string, rules: UrlRules): string | null {
  const url = URL.parse(text)
  // The parser forgives white space, backslashes and an empty userinfo, query or fragment; an operator's typo is a fault.
  if (url === null || /[\s\\]/.test(text)) return 'must be a URL, as in https://api.example.com/v1'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// or http://'
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(text)) return 'must not carry a user name or password; name a credential instead'
  if (text.includes('?')) return 'must not carry a query'
  if (text.includes('#')) return 'must not carry a fragment'
  if (rules.bound || rules.allowPrivate) return null
  if (url.protocol !== 'https:') return 'must be https://, unless a replica is reached through a binding'
  if (!isPublicHost(url.hostname)) return 'must name a public host; a private one is reached through a binding'
  return null
}

/** Could this host be reached from the public Internet? Names are not resolved. */
function isPublicHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  // The URL parser has brought every spelling of an IPv4 address (octal, hex, short) to the dotted one by now.
  // `process` turns v4-mapped IPv6 into the IPv4 address it means.
  if (ipaddr.isValid(host)) return ipaddr.process(host).range() === 'unicast'
  if (!host.includes('.')) return false
  return !PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
}
