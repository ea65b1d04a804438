// Everything that an index holds, in a form that two can be compared by. Holds no test.
import Database from 'libsql'
import { TABLES } from '../../../proxy/search/schema.js'

// Which index it is, and nothing of what is in it.
const OWN = 'made'

export function dumpOf(file: string): Readonly<Record<string, readonly unknown[]>> {
  const db = new Database(file, { readonly: true })
  try {
    db.exec("create virtual table temp.words using fts5vocab('main', 'texts', 'instance')")
    const dump: Record<string, readonly unknown[]> = {
      words: db.prepare('select * from words order by term, doc, offset').raw().all(),
    }
    for (const table of TABLES) {
      if (table === 'texts') continue
      const rows = db.prepare(`select * from ${table}`).raw().all() as unknown[][]
      dump[table] = rows
        .filter(([name]) => table !== 'meta' || name !== OWN)
        .map((row) => JSON.stringify(row))
        .sort()
    }
    return dump
  } finally {
    db.close()
  }
}
