// OPA's own compliance cases, as they lie in the sources of the pinned OPA: a query, modules, data and
// input, and what must come of them. Read as OPA reads them: YAML, turned into JSON by Go's rules.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { arrayOf, memberAt, objectOf, textOf } from '../../engine/policy/builtins/builtin.js'
import { jsonText } from '../../engine/policy/builtins/json.js'
import { yamlValue } from '../../engine/policy/builtins/yaml.js'
import type { RegoObject, RegoValue } from '../../engine/policy/rego-value.js'
import { OPA_VERSION } from '../../proxy/policies/opa.js'

export type Case = {
  readonly area: string
  readonly note: string
  readonly query: string
  readonly modules: readonly string[]
  // As JSON and as Rego.
  readonly data: string
  readonly input: string | undefined
  readonly wanted: Wanted
}

// Bindings of the query's variables; nothing where the case wants a failure.
export type Wanted = {
  readonly bindings: readonly RegoValue[] | undefined
  readonly errorCode: string | undefined
  readonly strict: boolean
  readonly sorted: boolean
}

const MODULE = `github.com/open-policy-agent/opa@v${OPA_VERSION}`
const FOLDER = 'v1/test/cases/testdata/v1'

const DOWNLOAD_MS = 120_000

// The folder with the cases, or why there is none. OPA's sources are fetched by Go where that is asked for.
export function casesFolder({
  download,
}: {
  readonly download: boolean
}): { readonly folder: string } | { readonly missing: string } {
  try {
    const go = (...args: readonly string[]): string =>
      execFileSync('go', [...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: DOWNLOAD_MS,
      }).trim()
    const folder = join(go('env', 'GOMODCACHE'), MODULE, FOLDER)
    if (!existsSync(folder) && download) go('mod', 'download', MODULE)
    return existsSync(folder) ? { folder } : { missing: `no ${MODULE} in Go’s module cache` }
  } catch {
    return { missing: `OPA’s cases need Go, and ${MODULE} from its module cache or proxy` }
  }
}

export function casesIn(folder: string): readonly Case[] {
  const seen = new Map<string, number>()
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((name) => {
      const file = objectOf(yamlValue(readFileSync(join(folder, name), 'utf8')))
      const area = name.split('/')[0] ?? ''
      return arrayOf(memberAt(file, 'cases')).map((one) => caseOf(objectOf(one), area))
    })
  // Some of OPA's names are given to several cases.
  return all.map((one) => {
    const times = (seen.get(one.note) ?? 0) + 1
    seen.set(one.note, times)
    return times === 1 ? one : { ...one, note: `${one.note} (${times})` }
  })
}

function caseOf(one: RegoObject, area: string): Case {
  const text = (name: string): string | undefined => {
    const found = memberAt(one, name)
    return found === undefined ? undefined : textOf(found)
  }
  const list = (name: string): readonly RegoValue[] | undefined => {
    const found = memberAt(one, name)
    return found === undefined ? undefined : arrayOf(found)
  }
  const input = memberAt(one, 'input')
  return {
    area,
    note: text('note') ?? '',
    query: text('query') ?? '',
    modules: (list('modules') ?? []).map(textOf),
    data: jsonText(memberAt(one, 'data') ?? { object: [] }),
    input:
      withoutLooseCommas(text('input_term')) ?? (input === undefined ? undefined : jsonText(input)),
    wanted: {
      bindings: list('want_result'),
      errorCode: text('want_error_code'),
      strict: memberAt(one, 'strict_error') === true,
      sorted: memberAt(one, 'sort_bindings') === true,
    },
  }
}

// Rego lets a comma stand behind the last member.
function withoutLooseCommas(text: string | undefined): string | undefined {
  return text?.replace(/("(?:[^"\\]|\\.)*")|,(\s*[}\]])/g, '$1$2')
}
