// The shipped policies with many more rules, grouped by operation as policies are to be, and with a
// megabyte of data: what a bench of decisions runs on.
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPERATIONS } from '../../engine/schemas/facts.js'
import { REPOSITORY } from '../peers/gateway-config.js'

export type Load = {
  readonly rules: number
  readonly dataBytes: number
}

// A folder of policies; the caller removes it.
export async function generatedFolder({ rules, dataBytes }: Load): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-rules-'))
  const library = join(REPOSITORY, 'rego')
  for (const name of ['sallyport-policy.yaml', 'policies', 'data', 'schemas']) {
    await cp(join(library, name), join(folder, name), { recursive: true })
  }
  const text = Array.from({ length: rules }, (_, at) => ruleText(at))
  const head = 'package sallyport.policies\n'
  await mkdir(join(folder, 'policies/bench'), { recursive: true })
  await writeFile(
    join(folder, 'policies/bench/generated.rego'),
    [head, ...text, dataBytes > 0 ? DATA_RULE : ''].join('\n'),
  )
  if (dataBytes > 0) await writeData(folder, dataBytes)
  return folder
}

function ruleText(at: number): string {
  const op = OPERATIONS[at % OPERATIONS.length] ?? 'read'
  return `deny.${op} contains {"id": "bench/rule-${at}", "message": "not this table"} if {
	some effect in input.command.effects
	effect.op == "${op}"
	effect.object == "bench.table_${at}"
	not "bench" in input.identity.groups
}
`
}

const DATA_RULE = `deny.read contains {"id": "bench/owned", "message": "owned by another team"} if {
	some effect in input.command.effects
	some team in data.bench.tables[effect.object].teams
	not team in input.identity.groups
}
`

async function writeData(folder: string, bytes: number): Promise<void> {
  const tables: Record<string, unknown> = {}
  let size = 0
  for (let at = 0; size < bytes; at++) {
    const entry = { teams: [`team-${at % 50}`, 'platform'], note: `table ${at} of the bench` }
    tables[`bench.table_${at}`] = entry
    size += JSON.stringify(entry).length + 24
  }
  await mkdir(join(folder, 'data/bench'), { recursive: true })
  await writeFile(join(folder, 'data/bench/data.json'), JSON.stringify({ tables }))
}
