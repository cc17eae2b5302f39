/** Which API key a request presents. No I/O. */

/** The two headers that can carry a key, as the platform hands them over: repeated ones joined by commas. */
export interface Presented {
  readonly authorization: string | null
  readonly apiKey: string | null
}

/** The one key presented; or that there is none of ours, or more than one. */
export type Presentation = { readonly kind: 'one'; readonly text: string } | { readonly kind: 'none' | 'several' }

const NONE: Presentation = { kind: 'none' }
const SEVERAL: Presentation = { kind: 'several' }

/**
 * Of several values the one that begins `slc_`: an SDK may have been told to send another service's key as well. The
 * same key twice is one key.
 */
export function presentedKey({ authorization, apiKey }: Presented): Presentation {
  let text: string | undefined
  for (const value of [...values(authorization).map(bearer), ...values(apiKey)]) {
    if (!value.startsWith('slc_')) continue
    if (text !== undefined && text !== value) return SEVERAL
    text = value
  }
  return text === undefined ? NONE : { kind: 'one', text }
}

function values(header: string | null): string[] {
  return header === null ? [] : header.split(',').map((value) => value.trim())
}

/** The token of a bearer value; empty for any other scheme, which is not ours to read. */
function bearer(value: string): string {
  return /^bearer +(\S+)$/i.exec(value)?.[1] ?? ''
}
