// What the gateway knows of one database: the names a statement can use and what they stand for.
// Plain data, loaded by `proxy/targets/catalogue.ts` from the target's own pg_catalog, never changed
// after it was built: a refresh makes a new one with a new version.

export type Oid = number

export type Column = {
  readonly attnum: number
  readonly name: string
  readonly type: Oid
  // pg_attribute.atttypmod, where the type has one.
  readonly typmod?: number
  readonly notNull: boolean
  readonly generated: boolean
  // Text of the default or generation expression, if any.
  readonly expression?: string
  // Labels from the bundle's data, sorted; [] for an unlabelled column.
  readonly labels: readonly string[]
  // Which of its labels speak of parts of a document; see `json-labels.ts`.
  readonly document?: DocumentLabels
  // Labels came with data, and nobody knows what was computed of it on the way.
  readonly followed?: true
  // Other columns (schema.table.column) whose values this one may hold: by inheritance, by the query
  // of a view or the expression of a generated column; `copy` where they are held as they are.
  readonly derived?: readonly { readonly from: string; readonly copy: boolean }[]
}

export type DocumentLabels = {
  readonly paths: readonly { readonly path: string; readonly labels: readonly string[] }[]
  // Speak of the column itself, whatever its paths have.
  readonly whole: readonly string[]
}

// pg_class.relkind
export type RelationKind = 'r' | 'p' | 'v' | 'm' | 'f' | 'S' | 'c' | 't' | 'i' | 'I'

export type Relation = {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly temporary: boolean
  readonly system: boolean
  readonly columns: readonly Column[]
  // Attribute numbers of each unique or primary key without predicate or expression.
  readonly keys: readonly (readonly number[])[]
  // Attribute numbers in any unique index, expression or partial ones included.
  readonly uniqueColumns: readonly number[]
  readonly parents: readonly Oid[]
  // pg_get_viewdef of a view or materialized view.
  readonly definition?: string
  // Some rows are kept from some who may read it: a view WITH (security_barrier), row level security.
  readonly barrier?: boolean
  // Events that have rules other than a view's own _RETURN: 'insert', 'update', 'delete'.
  readonly rules: readonly string[]
  // Attribute numbers of columns that expressions of indexes read.
  readonly expressionColumns?: readonly number[]
  // Function OIDs of user triggers (not the internal ones of foreign keys).
  readonly triggers: readonly Oid[]
  // Expression texts of CHECK constraints, index expressions and row policies.
  readonly checks: readonly string[]
}

export type Routine = {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  // pg_proc.prokind
  readonly kind: 'f' | 'p' | 'a' | 'w'
  readonly language: string
  readonly volatility: 'immutable' | 'stable' | 'volatile'
  readonly securityDefiner: boolean
  readonly argumentTypes: readonly Oid[]
  readonly defaults: number
  readonly variadic: boolean
  readonly returns: Oid
  readonly returnsSet: boolean
  // Body of a function written in SQL, else absent.
  readonly body?: string
  // True where a NULL argument gives NULL without a call.
  readonly strict?: boolean
  // Names of all arguments, '' where one has none, in the order of `argumentTypes`.
  readonly argumentNames?: readonly string[]
  // OUT, INOUT and TABLE columns, where the function has any.
  readonly outputs?: readonly { readonly name: string; readonly type: Oid }[]
  // pg_proc.proconfig: settings such as `search_path=x` that hold during a call.
  readonly settings?: readonly string[]
  // True where `body` was parsed when the function was made (BEGIN ATOMIC, RETURN): its names are to
  // be resolved along the catalogue's `definitionPath`.
  readonly bound?: boolean
  // Functions that an aggregate is made of.
  readonly parts?: readonly Oid[]
}

export type Type = {
  readonly oid: Oid
  readonly schema: string
  readonly name: string
  // pg_type.typtype: base, composite, domain, enum, pseudo, range, multirange.
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'p' | 'r' | 'm'
  // pg_type.typcategory: 'S' string, 'N' numeric, 'A' array …
  readonly category: string
  // Row type of this relation, element type of an array, base type of a domain; 0 for none.
  readonly relation: Oid
  readonly element: Oid
  readonly base: Oid
}

export type Operator = {
  readonly schema: string
  readonly name: string
  readonly left: Oid
  readonly right: Oid
  readonly result: Oid
  // OID of the function behind it.
  readonly routine: Oid
}

export type Cast = {
  readonly source: Oid
  readonly target: Oid
  // 0 where the cast is binary coercible or goes through text input/output.
  readonly routine: Oid
  // pg_cast.castcontext: 'i' implicit, 'a' in assignments, 'e' explicit only.
  readonly context?: string
}

export type Catalogue = {
  // Grows with each refresh within a process; part of every cache key.
  readonly version: number
  readonly database: string
  // server_version_num, such as 180004.
  readonly server: number
  readonly relation: (schema: string, name: string) => Relation | undefined
  readonly relationByOid: (oid: Oid) => Relation | undefined
  // All overloads of a name in one schema, [] for none.
  readonly routines: (schema: string, name: string) => readonly Routine[]
  readonly routineByOid: (oid: Oid) => Routine | undefined
  readonly type: (schema: string, name: string) => Type | undefined
  readonly typeByOid: (oid: Oid) => Type | undefined
  readonly operators: (schema: string, name: string) => readonly Operator[]
  // Casts defined by the database's users (not pg_catalog's own).
  readonly userCasts: readonly Cast[]
  readonly schemas: readonly string[]
  // The search path along which names in the texts of definitions and expressions were written.
  readonly definitionPath?: readonly string[]
  // All relations that initdb did not make.
  readonly userRelations?: readonly Relation[]
}

// The part of a session's state that changes how names are resolved.
export type NameContext = {
  // Effective search path, in order, as `current_schemas(true)` gives it (pg_temp and pg_catalog
  // included where PostgreSQL searches them implicitly).
  readonly searchPath: readonly string[]
  // current_user on the target.
  readonly role: string
}
