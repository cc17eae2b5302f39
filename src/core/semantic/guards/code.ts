/** Code in a question: inline code, identifiers, calls, flags, paths, files, addresses and versions. No I/O. */
import { findWords } from './lexicon.ts'
import type { Extract } from './quote.ts'

const files =
  'txt|pdf|docx?|xlsx?|pptx?|csv|tsv|json|ya?ml|toml|xml|html?|css|scss|m?js|jsx|tsx?|py|ipynb|rb|go|rs|java|kt|cpp|hpp|cs|php|sh|sql|md|png|jpe?g|gif|svg|zip|tar|gz|exe|dll|log|ini|conf|cfg|env|lock|mp[34]|wav'
/** Programs whose first argument says what they do. */
const programs =
  'git|npm|npx|yarn|pnpm|pip|docker|kubectl|cargo|systemctl|terraform|conda|dotnet|aws|gcloud|wrangler|heroku|adb'

const CODE = new RegExp(
  [
    '`([^`\\n]{1,300})`',
    // Addresses and tags.
    '\\b(?:https?:\\/\\/|www\\.)[^\\s<>"，。？！]{1,300}',
    '<\\/?[A-Za-z][\\w-]{0,40}\\/?>',
    // Paths: /etc/hosts, ~/.ssh, ./run, C:\\temp.
    '(?<![\\w/])(?:~|\\.{1,2})?\\/[\\w.-]+(?:\\/[\\w.-]+)*\\/?',
    '\\b[A-Za-z]:\\\\[\\w.\\\\-]+',
    '(?<![\\w/.-])[\\w.-]+(?:\\/[\\w.-]+){2,}',
    // Flags.
    '(?<=^|\\s)--?[A-Za-z][\\w-]*(?:=[^\\s]{1,80})?',
    // Versions and network addresses of three parts and more.
    '(?<![\\w.])v?\\d+\\.\\d+\\.\\d+(?:[.-][\\w.-]*\\w)?',
    // Files, and dotted, snake_case and called names.
    `(?<![\\w.-])[\\w-]{1,80}(?:\\.[\\w-]{1,80})*\\.(?:${files})\\b`,
    '(?<![\\w.])[A-Za-z_]\\w*(?:\\.[A-Za-z_]\\w+)+(?:\\(\\))?(?!\\w)',
    '(?<![\\w:])\\w{1,80}(?:::\\w+)+',
    '(?<!\\w)[A-Za-z]*_\\w+',
    '(?<!\\w)[A-Za-z]\\w+_\\w*',
    '(?<!\\w)[A-Za-z_]\\w{0,80}\\((?!s\\)|es\\)|k\\))[^()\\n]{0,80}\\)',
    '(?<!\\w)[a-z]+[A-Z]\\w*',
    // Numbers of machines, operators, variables.
    '\\b0x[\\da-fA-F]+\\b',
    '[=!]==?|[<>]=|&&|\\|\\||=>|->|::|:=',
    '[$@#][A-Za-z_]\\w*(?:\\.\\w+)*',
    `\\b(?:${programs}) (?!(?:and|the|for|with|from|can|does|has)\\b)[a-z][a-z-]{2,}`,
  ].join('|'),
  'g',
)
/** Most questions have none of it, and are spared the search. */
const anyCode = new RegExp(`[\`_/\\\\<>(=&|@#$]|\\.[A-Za-z\\d]|--?[A-Za-z]|[a-z][A-Z]|0x|::|\\b(?:${programs}) `)
/** "u.s.", "p.m.", "e.g.": letters with dots. */
const initials = /^(?:[A-Za-z]\.)+[A-Za-z]$/

/** Code of a text. Inline code and names keep their case: two identifiers that differ by it are two. */
export function codeIn(text: string): Extract {
  if (!anyCode.test(text)) return { found: [], rest: text }
  const found: string[] = []
  const rest = text.replace(CODE, (whole: string, inline: unknown) => {
    const own = typeof inline === 'string' ? inline.trim().replace(/\s+/g, ' ') : whole
    if (own === '' || isWord(own)) return whole
    found.push(own.replace(/^v(?=\d)/, ''))
    return ' '.repeat(whole.length)
  })
  return { found, rest }
}

/** A name that everybody writes so ("iPhone", "eBay"), a date, or initials. */
function isWord(own: string): boolean {
  if (initials.test(own) || /^\d{1,4}([./])\d{1,2}\1\d{1,4}$/.test(own)) return true
  return /^[a-z]+[A-Z]\w*$/.test(own) && findWords([own.toLowerCase().replace(/\d+$/, '')], 0) !== undefined
}
