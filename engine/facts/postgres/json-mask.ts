// The SQL that stands for a jsonb document of which some paths are protected: the same document with masks at
// these paths. It calls functions of pg_catalog by their full names and no operator, and never fails,
// whatever shape a document has; what is not of the expected shape is masked whole, never shown.
import type { Mask } from '../../schemas/decision.js'
import { pathSteps, type PathStep } from './json-path.js'
import type { Refused } from './mask-expression.js'

export type PathMask = { readonly path: string; readonly mask: Mask }

const STARS = '****'

export function maskedDocument(
  source: string,
  paths: readonly PathMask[],
  // Where not all of it is masked below: its declared type.
  typeName: string,
): string | Refused {
  let document = `CAST(${source} AS pg_catalog.jsonb)`
  for (const { path, mask } of paths) {
    const steps = pathSteps(path)
    const shown = shownAs(mask)
    if (steps === undefined || shown === undefined) {
      return { refused: `the path ${path} cannot be masked` }
    }
    document = below(document, steps, shown)
  }
  return `CASE WHEN ${source} IS NULL THEN CAST(NULL AS ${typeName}) ELSE CAST(${document} AS ${typeName}) END`
}

// As a JSON text within quotes of SQL. Of a part of a document nothing of the value stays.
function shownAs({ method, value }: Mask): string | undefined {
  if (method === 'null') return 'null'
  const text = method === 'constant' ? (value ?? STARS) : STARS
  // How a backslash is read depends on a setting.
  const json = JSON.stringify(text)
  return /[\\\0]/.test(json) ? undefined : json.replaceAll("'", "''")
}

// With the value under a name: it stands in several places, and is computed in one.
function named(value: string, use: (name: string) => string): string {
  return `(SELECT ${use(V)} FROM (SELECT ${value} AS "v" OFFSET 0) AS "~v")`
}

const V = '"~v"."v"'
const E = '"~e"."e"'

function below(value: string, steps: readonly PathStep[], shown: string): string {
  const [step, ...rest] = steps
  return named(value, (v) => {
    const masked = maskOf(v, shown)
    if (step === undefined) return masked
    return step === 'each'
      ? `CASE pg_catalog.jsonb_typeof(${v}) WHEN 'array' THEN ${each(v, below(E, rest, shown))} ELSE ${masked} END`
      : `CASE pg_catalog.jsonb_typeof(${v}) WHEN 'object' THEN ${member(v, step.key, rest, shown)} ELSE ${masked} END`
  })
}

function member(object: string, key: string, rest: readonly PathStep[], shown: string): string {
  const name = `'${key.replaceAll("'", "''")}'`
  const inner = below(`pg_catalog.jsonb_object_field(${object}, ${name})`, rest, shown)
  const set = `pg_catalog.jsonb_set(${object}, ARRAY[CAST(${name} AS pg_catalog.text)], ${inner}, false)`
  return `CASE WHEN pg_catalog.jsonb_exists(${object}, ${name}) THEN ${set} ELSE ${object} END`
}

// That nothing is there is no secret.
function maskOf(value: string, shown: string): string {
  return `CASE pg_catalog.jsonb_typeof(${value}) WHEN 'null' THEN ${value} ELSE ${json(shown)} END`
}

function each(array: string, element: string): string {
  return `(SELECT COALESCE(pg_catalog.jsonb_agg(${element} ORDER BY "~e"."o"), ${json('[]')}) FROM pg_catalog.jsonb_array_elements(${array}) WITH ORDINALITY AS "~e"("e", "o"))`
}

function json(text: string): string {
  return `CAST('${text}' AS pg_catalog.jsonb)`
}
