// Cuts SQL into pieces for people to look at: words, strings, comments, numbers. It decides nothing; what
// a command does is told by its facts alone. Every character of the text is in exactly one token.

export type TokenKind =
  'space' | 'word' | 'keyword' | 'quoted' | 'string' | 'number' | 'comment' | 'other'
export type Token = { readonly kind: TokenKind; readonly text: string; readonly from: number }

const KEYWORDS = new Set(
  (
    'select from where and or not in is null as on join left right full inner outer cross lateral using group ' +
    'by order having limit offset fetch union all distinct except intersect with recursive insert into values ' +
    'update set delete returning truncate drop alter create table view index schema cascade restrict if exists ' +
    'begin commit rollback savepoint case when then else end between like ilike similar asc desc nulls first ' +
    'last grant revoke to copy explain analyze call do lock vacuum for share only over partition window add ' +
    'column constraint primary key references unique default declare cursor close prepare execute deallocate ' +
    'refresh materialized temporary temp function trigger role user database extension true false any some'
  ).split(' '),
)

// In the order in which they are tried at each place.
const PIECES: readonly (readonly [TokenKind, RegExp])[] = [
  ['space', /\s+/y],
  ['comment', /--[^\n]*/y],
  ['string', /\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$[\s\S]*?(?:\$\1\$|$)/y],
  ['string', /[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)/y],
  ['string', /(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|$)/y],
  ['quoted', /(?:[uU]&)?"(?:[^"]|"")*(?:"|$)/y],
  ['word', /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y],
  ['number', /\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|\$\d+/y],
  ['other', /[\s\S]/y],
]

export function sqlTokens(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const token = blockComment(text, at) ?? pieceAt(text, at)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function pieceAt(text: string, at: number): Token {
  for (const [kind, pattern] of PIECES) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found === undefined || found === '') continue
    const is = kind === 'word' && KEYWORDS.has(found.toLowerCase()) ? 'keyword' : kind
    return { kind: is, text: found, from: at }
  }
  return { kind: 'other', text: text.charAt(at), from: at }
}

// PostgreSQL's nest.
function blockComment(text: string, from: number): Token | undefined {
  if (!text.startsWith('/*', from)) return undefined
  let depth = 1
  let at = from + 2
  while (at < text.length && depth > 0) {
    if (text.startsWith('/*', at)) depth += 1
    else if (text.startsWith('*/', at)) depth -= 1
    else {
      at += 1
      continue
    }
    at += 2
  }
  return { kind: 'comment', text: text.slice(from, at), from }
}
