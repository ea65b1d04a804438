// Which family of types a column is of, and whether its values may be sampled: only types of the system's own are
// cast to text, since a cast of somebody's own is code that would run with the gateway's rights.
import type { Catalogue, Oid, Type } from '../../engine/facts/postgres/catalogue.js'
import type { TypeFamily } from './name-evidence.js'
import type { SampledForm } from './sample.js'

export type TypeMeaning = {
  readonly family: TypeFamily
  // Undefined: its values are not looked at.
  readonly form: SampledForm | undefined
}

const NEUTRAL: TypeMeaning = { family: 'neutral', form: undefined }

const SYSTEM: Readonly<Record<string, TypeMeaning>> = {
  ...named(['text', 'varchar', 'bpchar', 'name', 'xml'], { family: 'text', form: 'text' }),
  ...named(['int2', 'float4', 'float8', 'money'], { family: 'number', form: undefined }),
  ...named(['int4', 'int8', 'numeric'], { family: 'number', form: 'text' }),
  ...named(['json', 'jsonb'], { family: 'json', form: 'json' }),
  ...named(['date'], { family: 'date', form: undefined }),
  ...named(['inet', 'cidr', 'macaddr', 'macaddr8'], { family: 'network', form: undefined }),
  ...named(['uuid'], { family: 'uuid', form: undefined }),
  ...named(['bytea'], { family: 'bytes', form: undefined }),
}

// Types of extensions that come with PostgreSQL, whose casts are theirs.
const EXTENSIONS: Readonly<Record<string, TypeMeaning>> = {
  citext: { family: 'text', form: 'text' },
  hstore: { family: 'json', form: undefined },
}

const DEPTH_MAX = 8

export function typeMeaning(catalogue: Catalogue, oid: Oid): TypeMeaning {
  let type = catalogue.typeByOid(oid)
  for (let depth = 0; depth < DEPTH_MAX && type?.kind === 'd'; depth += 1) {
    type = catalogue.typeByOid(type.base)
  }
  if (type === undefined) return NEUTRAL
  if (isArray(type)) {
    const { family, form } = typeMeaning(catalogue, type.element)
    // As JSON, so that each item counts.
    return { family, form: form === undefined ? undefined : 'json' }
  }
  if (type.schema === 'pg_catalog') {
    return Object.hasOwn(SYSTEM, type.name) ? (SYSTEM[type.name] ?? NEUTRAL) : NEUTRAL
  }
  const known = Object.hasOwn(EXTENSIONS, type.name) ? EXTENSIONS[type.name] : undefined
  return type.kind === 'b' && known !== undefined ? known : NEUTRAL
}

function isArray(type: Type): boolean {
  return type.category === 'A' && type.element !== 0
}

function named(
  names: readonly string[],
  meaning: TypeMeaning,
): Readonly<Record<string, TypeMeaning>> {
  return Object.fromEntries(names.map((name) => [name, meaning]))
}
