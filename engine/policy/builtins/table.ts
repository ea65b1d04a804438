// The builtins that OPA's compiler leaves to the host, and that a decision may use: pure, the same on
// every machine, with OPA's own meaning. Whatever is not in this table refuses the bundle; clocks,
// chance and networks never will be.
import { AWS } from './aws.js'
import type { Builtin } from './builtin.js'
import { CIDR } from './cidr.js'
import { DIGESTS } from './digests.js'
import { GRAPH } from './graph.js'
import { GRAPHQL } from './graphql.js'
import { JSON_TEXT } from './json.js'
import { JSON_PATCH } from './json-patch.js'
import { JSON_SCHEMA } from './json-schema.js'
import { JWT } from './jwt.js'
import { JWT_SIGN } from './jwt-sign.js'
import { NUMBERS } from './numbers.js'
import { PRIVATE_KEYS } from './private-keys.js'
import { REGEX } from './regex.js'
import { SEMVER } from './semver.js'
import { STRINGS } from './strings.js'
import { SUBSET } from './subset.js'
import { TEMPLATE } from './template.js'
import { TIME } from './time.js'
import { UNITS } from './units.js'
import { URLS } from './url.js'
import { UUID } from './uuid.js'
import { X509 } from './x509.js'
import { YAML } from './yaml.js'

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map<string, Builtin>([
  ...STRINGS,
  ...TEMPLATE,
  ...REGEX,
  ...NUMBERS,
  ...UNITS,
  ...SEMVER,
  ...UUID,
  ...URLS,
  ...CIDR,
  ...GRAPH,
  ...SUBSET,
  ...JSON_TEXT,
  ...JSON_PATCH,
  ...YAML,
  ...JSON_SCHEMA,
  ...GRAPHQL,
  ...DIGESTS,
  ...AWS,
  ...X509,
  ...PRIVATE_KEYS,
  ...JWT,
  ...JWT_SIGN,
  ...TIME,
])

// Names of all of them, for whoever checks a policy before it is built.
export const HOST_BUILTINS: ReadonlySet<string> = new Set(BUILTINS.keys())
