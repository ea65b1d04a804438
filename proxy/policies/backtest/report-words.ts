// Words that all printers of a report share.
import type { FlipGroup, Names, Report, Side } from './report.js'

export function kindTitle({ kind, changes, from, to }: FlipGroup): string {
  return from === to || changes.length === 0 ? kind : `${kind} (${changes.join('; ')})`
}

// `orders 12, customers 3 and 4 more`
export function namesText({ top, more }: Names): string {
  const names = top.map(({ name, count }) => (top.length + more > 1 ? `${name} ${count}` : name))
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}

export function sideText({ before, after }: Report): string {
  const said = ({ name, revision, digest }: Side): string =>
    [name, ...(revision === '' ? [] : [revision.slice(0, 12)]), shortDigest(digest)].join(', ')
  return `Before: ${before === undefined ? 'as recorded' : said(before)}. After: ${said(after)}.`
}

export function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + 12)
}
