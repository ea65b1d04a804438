// What is asked of a target to learn its names: one statement per part, one row back, one JSON text
// per section. Everything is qualified, operators too, since these may run inside a client's session
// with whatever search_path it has. The sections are read by `engine/facts/postgres/catalogue-build.ts`.

// OIDs below FirstNormalObjectId (access/transam.h) are those of initdb: the same in every database
// of a server version, and so loaded once.
const SYSTEM = '< 16384'
const USER = '>= 16384'

// Of temporary schemas only the session's own.
const SEEN = `(c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema())`

// First which server and database this is; `pg_my_temp_schema` is 0 without temporary objects.
export const IDENTITY = qualified(`
  SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_database()`)

// Which server and database OIDs are of: another after a restore from a dump, the same after a rename.
export const PLACE = qualified(`
  SELECT pg_catalog.concat_ws('/',
    (SELECT s.system_identifier FROM pg_catalog.pg_control_system() s),
    (SELECT d.oid FROM pg_catalog.pg_database d
      WHERE d.datname = pg_catalog.current_database()))`)

export const SERVER_PART = part(SYSTEM)
export const USER_PART = part(USER)

// Changes whenever somebody changes a name or a definition in this database. xmin is the transaction
// that wrote a row; ANALYZE and VACUUM update in place and leave it. Temporary objects of others do
// not count, or their churn would be taken for changes.
export const FINGERPRINT = qualified(`
  SELECT pg_catalog.concat_ws(' ', ${[
    'pg_proc',
    'pg_operator',
    'pg_cast',
    'pg_rewrite',
    'pg_constraint',
    'pg_attrdef',
    'pg_trigger',
    'pg_policy',
    'pg_inherits',
    'pg_aggregate',
    'pg_enum',
  ]
    .map((table) => `(SELECT ${sumOfRows('t')} FROM pg_catalog.${table} t)`)
    .join(', ')},
    (SELECT ${sumOfRows('n')} FROM pg_catalog.pg_namespace n WHERE NOT ${isTemporary('n')}),
    (SELECT ${sumOfRows('c')} FROM pg_catalog.pg_class c WHERE c.relpersistence <> 't'),
    (SELECT ${sumOfRows('y')} FROM pg_catalog.pg_type y
      WHERE y.typrelid = 0 AND y.typelem = 0),
    (SELECT ${sumOfRows('a')} FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON a.attrelid = c.oid
      WHERE c.relpersistence <> 't' AND a.attnum > 0),
    (SELECT ${sumOfRows('i')} FROM pg_catalog.pg_index i
      JOIN pg_catalog.pg_class c ON i.indrelid = c.oid WHERE c.relpersistence <> 't'))`)

function isTemporary(namespace: string): string {
  const name = `${namespace}.nspname::pg_catalog.text`
  return `(pg_catalog.starts_with(${name}, 'pg_temp_')
    OR pg_catalog.starts_with(${name}, 'pg_toast_temp_'))`
}

function sumOfRows(table: string): string {
  return `pg_catalog.concat(pg_catalog.count(*), '.', pg_catalog.sum(
    ((${table}.xmin::pg_catalog.text)::pg_catalog.int8)))`
}

function part(range: string): string {
  const sections = [
    schemas(range),
    relations(range),
    columns(range),
    indexes(range),
    checks(range),
    inherits(range),
    rules(range),
    triggers(range),
    routines(range),
    types(range),
    operators(range),
    casts(range),
    'pg_catalog.array_to_json(pg_catalog.current_schemas(true))',
  ]
  return qualified(`SELECT ${sections.map((section) => `(${section})`).join(',\n')}`)
}

function rows(columns: readonly string[], from: string): string {
  return `SELECT pg_catalog.json_agg(pg_catalog.json_build_array(${columns.join(', ')})) FROM ${from}`
}

function schemas(range: string): string {
  return rows(
    ['n.nspname'],
    `pg_catalog.pg_namespace n WHERE n.oid ${range}
     AND (NOT ${isTemporary('n')} OR n.oid = pg_catalog.pg_my_temp_schema())`,
  )
}

function relations(range: string): string {
  // Views of the system are read as they are named, so that their definitions are not needed.
  const definition =
    range === SYSTEM
      ? 'NULL'
      : `CASE WHEN c.relkind = 'v' OR c.relkind = 'm' THEN pg_catalog.pg_get_viewdef(c.oid) END`
  return rows(
    ['c.oid::pg_catalog.int8', 'n.nspname', 'c.relname', 'c.relkind', 'c.relpersistence'].concat(
      definition,
      `(c.relrowsecurity OR
        COALESCE(c.reloptions::pg_catalog.text LIKE '%security_barrier=%', false))`,
    ),
    `pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid ${range} AND c.relkind <> 'i' AND c.relkind <> 'I' AND ${SEEN}`,
  )
}

function columns(range: string): string {
  const expression = range === SYSTEM ? 'NULL' : 'pg_catalog.pg_get_expr(d.adbin, d.adrelid)'
  return rows(
    [
      'a.attrelid::pg_catalog.int8',
      'a.attnum',
      'a.attname',
      'a.atttypid::pg_catalog.int8',
      'a.attnotnull',
      "a.attgenerated <> ''",
      expression,
      'a.atttypmod',
    ],
    `pg_catalog.pg_attribute a
     JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
     LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid ${range} AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relkind <> 'i' AND c.relkind <> 'I' AND ${SEEN}`,
  )
}

// Which columns an index over expressions or with a predicate depends on is in pg_depend.
function indexes(range: string): string {
  return rows(
    [
      'i.indrelid::pg_catalog.int8',
      'i.indkey::pg_catalog.text',
      'i.indnkeyatts',
      '(i.indisunique OR i.indisexclusion)',
      '(i.indpred IS NULL AND NOT i.indisexclusion)',
      'pg_catalog.pg_get_expr(i.indexprs, i.indrelid)',
      'pg_catalog.pg_get_expr(i.indpred, i.indrelid)',
      `(SELECT pg_catalog.json_agg(DISTINCT p.refobjsubid) FROM pg_catalog.pg_depend p
        WHERE p.classid = ${catalogueTable('pg_class')} AND p.objid = i.indexrelid
          AND p.refclassid = ${catalogueTable('pg_class')} AND p.refobjid = i.indrelid
          AND p.refobjsubid > 0)`,
    ],
    `pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
     WHERE i.indrelid ${range} AND ${SEEN}`,
  )
}

function checks(range: string): string {
  const constraints = `SELECT k.conrelid AS relation,
      pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS expression
    FROM pg_catalog.pg_constraint k WHERE k.contype = 'c' AND k.conrelid ${range}`
  const policies = ['polqual', 'polwithcheck'].map(
    (column) => `SELECT l.polrelid, pg_catalog.pg_get_expr(l.${column}, l.polrelid)
      FROM pg_catalog.pg_policy l WHERE l.polrelid ${range}`,
  )
  return rows(
    ['x.relation::pg_catalog.int8', 'x.expression'],
    `(${[constraints, ...policies].join(' UNION ALL ')}) x
     JOIN pg_catalog.pg_class c ON c.oid = x.relation
     WHERE x.expression IS NOT NULL AND ${SEEN}`,
  )
}

function inherits(range: string): string {
  return rows(
    ['h.inhrelid::pg_catalog.int8', 'h.inhparent::pg_catalog.int8'],
    `pg_catalog.pg_inherits h WHERE h.inhrelid ${range}`,
  )
}

// ev_type: 2 update, 3 insert, 4 delete (a view's own rule is 1, select).
function rules(range: string): string {
  return rows(
    ['r.ev_class::pg_catalog.int8', 'r.ev_type'],
    `pg_catalog.pg_rewrite r WHERE r.ev_class ${range} AND r.ev_type <> '1'`,
  )
}

function triggers(range: string): string {
  return rows(
    ['g.tgrelid::pg_catalog.int8', 'g.tgfoid::pg_catalog.int8'],
    `pg_catalog.pg_trigger g WHERE g.tgrelid ${range} AND NOT g.tgisinternal`,
  )
}

function routines(range: string): string {
  const body =
    range === SYSTEM
      ? 'NULL'
      : `CASE WHEN l.lanname = 'sql'
           THEN coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc) END`
  return rows(
    [
      'f.oid::pg_catalog.int8',
      'n.nspname',
      'f.proname',
      'f.prokind',
      'l.lanname',
      'f.provolatile',
      'f.prosecdef',
      'f.proargtypes::pg_catalog.text',
      'f.pronargdefaults',
      'f.provariadic <> 0',
      'f.prorettype::pg_catalog.int8',
      'f.proretset',
      body,
      'f.proallargtypes::pg_catalog.int8[]',
      'f.proargmodes',
      'f.proargnames',
      'f.proisstrict',
      'f.proconfig',
      range === SYSTEM ? 'false' : 'pg_catalog.pg_get_function_sqlbody(f.oid) IS NOT NULL',
      `CASE WHEN f.prokind = 'a' THEN (SELECT pg_catalog.json_build_array(
        ${[
          'aggtransfn',
          'aggfinalfn',
          'aggcombinefn',
          'aggserialfn',
          'aggdeserialfn',
          'aggmtransfn',
          'aggminvtransfn',
          'aggmfinalfn',
        ]
          .map((column) => `g.${column}::pg_catalog.oid::pg_catalog.int8`)
          .join(', ')})
        FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid::pg_catalog.oid = f.oid) END`,
    ],
    `pg_catalog.pg_proc f JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace
     JOIN pg_catalog.pg_language l ON l.oid = f.prolang WHERE f.oid ${range}`,
  )
}

function types(range: string): string {
  return rows(
    [
      'y.oid::pg_catalog.int8',
      'n.nspname',
      'y.typname',
      'y.typtype',
      'y.typcategory',
      'y.typrelid::pg_catalog.int8',
      'y.typelem::pg_catalog.int8',
      'y.typbasetype::pg_catalog.int8',
    ],
    `pg_catalog.pg_type y JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
     WHERE y.oid ${range}
       AND (NOT ${isTemporary('n')} OR n.oid = pg_catalog.pg_my_temp_schema())`,
  )
}

function operators(range: string): string {
  return rows(
    [
      'n.nspname',
      'o.oprname',
      'o.oprleft::pg_catalog.int8',
      'o.oprright::pg_catalog.int8',
      'o.oprresult::pg_catalog.int8',
      'o.oprcode::pg_catalog.oid::pg_catalog.int8',
    ],
    `pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
     WHERE o.oid ${range}`,
  )
}

function casts(range: string): string {
  return rows(
    [
      's.castsource::pg_catalog.int8',
      's.casttarget::pg_catalog.int8',
      's.castfunc::pg_catalog.int8',
      's.castcontext',
      's.castmethod',
    ],
    `pg_catalog.pg_cast s WHERE s.oid ${range}`,
  )
}

function catalogueTable(name: string): string {
  return `'pg_catalog.${name}'::pg_catalog.regclass`
}

// Every comparison by the system's own operator: an operator of the same name may stand earlier on
// the session's search_path.
function qualified(sql: string): string {
  return sql
    .replace(/ (=|<>|<|>=|>) /g, (_, operator: string) => ` OPERATOR(pg_catalog.${operator}) `)
    .trim()
}
