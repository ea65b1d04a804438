// Where a browser may be sent after it signed in: to a page of this console, and nowhere else. Whatever is
// not plainly such a path leads to the first page.

// Of RFC 3986 only what our own addresses use; neither a second slash nor a backslash, which browsers
// read as the beginning of another host.
const OWN = /^\/(?!\/)[A-Za-z0-9._~\-/]*(?:\?(?:[A-Za-z0-9._~\-=&+:,*@/]|%[0-9A-Fa-f]{2})*)?$/

const LENGTH_MAX = 1_000

export function ownPath(asked: string | undefined): string {
  if (asked === undefined || asked.length > LENGTH_MAX || !OWN.test(asked)) return '/'
  const [path = ''] = asked.split('?')
  if (path.includes('//') || path.split('/').includes('..')) return '/'
  return /^\/(auth|api|assets)(\/|$)/.test(path) ? '/' : asked
}
