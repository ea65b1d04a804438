// Whether the conditions of a query may be tried on rows before a row filter has taken them out. PostgreSQL
// runs conditions in the order that it likes; one that fails on some value, or calls what may, would tell of
// rows that are not to be seen. Then a fence keeps the filter first.

type Fields = Readonly<Record<string, unknown>>

// Comparisons of values, which never fail.
const COMPARING: ReadonlySet<string> = new Set(['=', '<>', '<', '>', '<=', '>='])
const KINDS: ReadonlySet<unknown> = new Set([
  'AEXPR_OP',
  'AEXPR_IN',
  'AEXPR_BETWEEN',
  'AEXPR_NOT_BETWEEN',
  'AEXPR_DISTINCT',
  'AEXPR_NOT_DISTINCT',
])

// Over rows that are left, once for all of them.
const AGGREGATES: ReadonlySet<string> = new Set(['count', 'min', 'max', 'sum', 'avg'])

const CALM: ReadonlySet<string> = new Set([
  'A_Const',
  'A_Star',
  'BoolExpr',
  'BooleanTest',
  'CaseExpr',
  'CaseWhen',
  'CoalesceExpr',
  'ColumnRef',
  'CommonTableExpr',
  'Integer',
  'JoinExpr',
  'List',
  'NullTest',
  'ParamRef',
  'RangeSubselect',
  'RangeVar',
  'ResTarget',
  'SelectStmt',
  'SortBy',
  'String',
])

// Of the outermost query: computed of the rows that are left.
const ABOVE: ReadonlySet<string> = new Set([
  'targetList',
  'groupClause',
  'sortClause',
  'distinctClause',
  'limitOffset',
  'limitCount',
  'windowClause',
])

/** `query` is the body of a SelectStmt. */
export function isCalmQuery(query: unknown): boolean {
  if (!isFields(query)) return false
  const isSet = 'larg' in query || 'rarg' in query
  return Object.entries(query).every(([key, inner]) =>
    ABOVE.has(key) && !isSet ? subLinks(inner).every(isCalm) : isCalm(inner),
  )
}

/** Nothing in it can fail, or tell what it was tried on. */
export function isCalm(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isCalm)
  if (!isFields(value)) return true
  return Object.entries(value).every(([key, inner]) => {
    if (/^[A-Z]/.test(key) && !isCalmNode(key, inner)) return false
    return isCalm(inner)
  })
}

function isCalmNode(tag: string, body: unknown): boolean {
  if (!isFields(body)) return false
  switch (tag) {
    case 'A_Expr':
      return KINDS.has(body['kind']) && namesIn(body['name']).every((name) => COMPARING.has(name))
    case 'SubLink':
      return body['subLinkType'] === 'EXISTS_SUBLINK' || body['subLinkType'] === 'ANY_SUBLINK'
    case 'FuncCall':
      return namesIn(body['funcname']).every((name) => AGGREGATES.has(name)) && !('over' in body)
    case 'TypeCast':
      return isFields(body['arg']) && 'A_Const' in body['arg']
    case 'TypeName':
      return true
    case 'ColumnRef':
      return true
    default:
      return CALM.has(tag)
  }
}

// Operators of BETWEEN and IN are words.
function namesIn(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return ['?']
  return list
    .map((one: { readonly String?: { readonly sval?: string } }) => one.String?.sval ?? '?')
    .filter((name) => !['BETWEEN', 'NOT BETWEEN', 'pg_catalog'].includes(name))
}

function subLinks(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap(subLinks)
  if (!isFields(value)) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'SubLink' && isFields(inner) ? [inner['subselect']] : subLinks(inner),
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
