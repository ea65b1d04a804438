// Public corpora that tests need, fetched once from where they are published and kept in the cache, never
// in the repository. What is made appears under its name only when it is complete, so that tests that run
// side by side may both make it.
import { existsSync, mkdtempSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { ran } from '../clients/program.js'

/** A command and its arguments. */
export type Step = readonly [string, ...(readonly string[])]

export type Corpus = { readonly folder: string } | { readonly missing: string }

/** The folder `name` of the cache, made by steps that write to the folder they are given. */
export async function fetched(
  name: string,
  steps: (folder: string) => readonly Step[],
): Promise<Corpus> {
  const folder = join(
    process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
    'sallyport/corpora',
    name,
  )
  if (existsSync(folder)) return { folder }
  mkdirSync(dirname(folder), { recursive: true })
  const made = mkdtempSync(`${folder}.`)
  try {
    for (const [program, ...args] of steps(made)) {
      const { status, err } = await ran(program, args, environment())
      if (status !== 0) return { missing: `skipped: ${program} ${args[0] ?? ''}: ${lastLine(err)}` }
    }
    if (!existsSync(folder)) renameSync(made, folder)
    return { folder }
  } catch (problem) {
    // Somebody else's is as good.
    if (existsSync(folder)) return { folder }
    throw problem
  } finally {
    rmSync(made, { recursive: true, force: true })
  }
}

function environment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
}
