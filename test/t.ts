import { openArena } from './conformance/arena.js'
import { attempt } from './conformance/attempt.js'
import { caseFileOf } from './conformance/cases.js'
import * as verdict from './conformance/verdict.js'
import { errorFields } from './conformance/wire-client.js'
const file = caseFileOf('fixtures/evasions/postgres.json')
const ids = process.argv[2]!.split(' ')
const arena = await openArena(file)
for (const c of file.cases.filter((x) => ids.includes(x.id))) {
  const r: any = await attempt(c, arena) 
  console.log('##', c.id, c.title)
  ;(r.replies as any[]).forEach((rep, i) => { const e = (rep?.messages ?? []).find((m: any) => m.type === 'E'); console.log('   ', JSON.stringify((c.steps as any)[i]?.sql ?? (c.steps as any)[i]).slice(0, 300), e ? '=> ' + errorFields(e.body).get('C') + ' ' + errorFields(e.body).get('M') : '') })
}
await arena.close(); process.exit()
