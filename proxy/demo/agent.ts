// The tour's ReAct agent: a loop of thought, action and observation over node-postgres. Its thoughts
// are scripted; what it observes is whatever the gateway answers, and it goes on from there.
import pg from 'pg'

export type Turn = { readonly thought: string; readonly sql: string }

export type Observation =
  | {
      readonly kind: 'rows'
      readonly tag: string
      readonly columns: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }
  | {
      readonly kind: 'error'
      readonly code: string
      readonly message: string
      readonly detail: string
      readonly hint: string
    }

// A script gives turns and receives what each led to.
export type Script = Generator<Turn, string, Observation>

export type Show = {
  readonly thought: (text: string) => void
  readonly action: (sql: string) => void
  readonly notice: (text: string) => void
  readonly observation: (seen: Observation) => void
  readonly end: (text: string) => void
}

export async function runAgent(
  connection: pg.ClientConfig,
  script: Script,
  show: Show,
): Promise<void> {
  const client = new pg.Client(connection)
  client.on('notice', (notice) => {
    const parts = [notice.message, notice.detail, notice.hint].filter((part) => part !== undefined)
    show.notice(parts.join('\n'))
  })
  await client.connect()
  try {
    let next = script.next()
    while (next.done !== true) {
      show.thought(next.value.thought)
      show.action(next.value.sql)
      const seen = await observed(client, next.value.sql)
      show.observation(seen)
      next = script.next(seen)
    }
    show.end(next.value)
  } finally {
    await client.end()
  }
}

async function observed(client: pg.Client, sql: string): Promise<Observation> {
  const lines: string[] = []
  const copied = ({ chunk }: { readonly chunk: Buffer }): void =>
    void lines.push(chunk.toString('utf8').trimEnd())
  // node-postgres leaves what COPY sends to its connection.
  const { connection } = client as unknown as { readonly connection: NodeJS.EventEmitter }
  connection.on('copyData', copied)
  try {
    const result = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
    if (lines.length > 0) {
      const rows = lines.map((line) => [line])
      return { kind: 'rows', tag: `COPY ${lines.length}`, columns: ['(copied)'], rows }
    }
    return {
      kind: 'rows',
      tag: result.rowCount === null ? result.command : `${result.command} ${result.rowCount}`,
      columns: result.fields.map((field) => field.name),
      rows: result.rows.map((row) => row.map(cellText)),
    }
  } catch (problem) {
    if (!(problem instanceof pg.DatabaseError)) throw problem
    const { code = '', message, detail = '', hint = '' } = problem
    return { kind: 'error', code, message, detail, hint }
  } finally {
    connection.off('copyData', copied)
  }
}

function cellText(value: unknown): string {
  if (value === null) return '∅'
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
