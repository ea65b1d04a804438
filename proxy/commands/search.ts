// `sallyport search`: asks the record who did what, and what they saw. Answers from an index that is made from
// the record alone, and says what the record no longer has.
import { GatewayError } from '../errors.js'
import { GROUPINGS, type Grouping, type SearchPage } from '../search/answers.js'
import type { Desk } from '../search/desk.js'
import { FIELDS } from '../search/fields.js'
import { SEARCH_LIMITS } from '../search/limits.js'
import { parseQuery } from '../search/query.js'
import { argumentsOf, formatArgument } from './arguments.js'
import type { Io } from './io.js'
import { DESK_HELP, DESK_OPTIONS, deskFor, standingText } from './search-desk.js'
import { groupsCsv, groupsText, hitsCsv, hitText } from './search-text.js'
import { paintFor } from './table.js'

export const help = `sallyport search QUESTION       who did what, and what they saw: newest first

  sallyport search 'column:customers.ssn env:prod since:2026-01-01 until:2026-04-01' --by person
  sallyport search 'person:agent -kind:human rule:destructive/* "drop table"'

Everything in a question must hold. Commas mean one of them (target:shop,crm), * anything
(rule:destructive/*), a - before it leaves out (-kind:human). "Words in quotes" must follow one another
in the command; refund* finds refunds. Names of objects and columns may leave out what comes first:
customers.ssn is also public.customers.ssn.

${fieldHelp()}

  --by WHAT          how many, and the rows they returned, by ${GROUPINGS.join(', ')}
  --limit N          so many (default ${SEARCH_LIMITS.pageDefault}, most ${SEARCH_LIMITS.pageMax} a page)
  --cursor CURSOR    go on where a page ended (its next)
  --all              every page
${DESK_HELP}
  --format FORMAT    pretty (default), json or csv

Exit status: 0 answered, also by nothing, 1 the record cannot be read, 2 wrong usage, and a question that
cannot be understood: the place is shown.
`

const OPTIONS = {
  ...DESK_OPTIONS,
  by: { type: 'string' },
  limit: { type: 'string' },
  cursor: { type: 'string' },
  all: { type: 'boolean' },
  format: { type: 'string' },
} as const

// A part of a question, not an option.
const LEFT_OUT = /^-[a-z_]+:/

export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await searched(argv, io)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    io.stderr.write(`sallyport: ${problem.message}\n`)
    if (problem.code !== 'usage') return 1
    io.stderr.write('sallyport search --help says more.\n')
    return 2
  }
}

async function searched(argv: readonly string[], io: Io): Promise<number> {
  const end = argv.indexOf('--')
  const options = end < 0 ? argv : argv.slice(0, end)
  const parts = options.filter((one) => LEFT_OUT.test(one))
  const { values, positionals } = argumentsOf(
    [...options.filter((one) => !LEFT_OUT.test(one)), ...(end < 0 ? [] : argv.slice(end))],
    OPTIONS,
  )
  const question = [...positionals, ...parts].join(' ')
  const format = formatArgument(values.format, ['pretty', 'json', 'csv'])
  const by = values.by === undefined ? undefined : groupingOf(values.by)
  const limit = values.limit === undefined ? undefined : limitOf(values.limit)
  const problem = problemIn(question)
  if (problem !== undefined) {
    io.stderr.write(problem)
    return 2
  }
  const { desk } = deskFor(values, io)
  try {
    if (by !== undefined) return grouped(desk, question, by, format, io)
    const asked = { question, limit, cursor: values.cursor }
    return values.all === true ? all(desk, asked, format, io) : page(desk, asked, format, io)
  } finally {
    desk.close()
  }
}

type Question = { readonly question: string; readonly limit: number | undefined }
type PageQuestion = Question & { readonly cursor: string | undefined }
type Format = 'pretty' | 'json' | 'csv'

// A page may end early where looking took long; for a terminal it is filled.
function filled(desk: Desk, asked: PageQuestion): SearchPage {
  const limit = asked.limit ?? SEARCH_LIMITS.pageDefault
  let found = desk.search({ ...asked, limit })
  while (found.hits.length < limit && found.next !== undefined) {
    const more = desk.search({
      ...asked,
      limit: limit - found.hits.length,
      cursor: found.next,
    })
    const { next: _next, ...rest } = more
    const hits = [...found.hits, ...more.hits]
    const took = found.took_ms + more.took_ms
    found = {
      ...rest,
      hits,
      took_ms: took,
      ...(more.next === undefined ? {} : { next: more.next }),
    }
  }
  return found
}

function page(desk: Desk, asked: PageQuestion, format: Format, io: Io): number {
  const found = filled(desk, asked)
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else if (format === 'csv') io.stdout.write(hitsCsv(found.hits, true))
  else io.stdout.write(pageText(found, io))
  if (format !== 'pretty') io.stderr.write(standingText(found.standing, io))
  return 0
}

// JSON is then one hit a line.
function all(desk: Desk, asked: PageQuestion, format: Format, io: Io): number {
  const paint = paintFor(io)
  let { cursor } = asked
  for (let first = true; first || cursor !== undefined; first = false) {
    const found = desk.search({ ...asked, limit: SEARCH_LIMITS.pageMax, cursor })
    if (format === 'csv') io.stdout.write(hitsCsv(found.hits, first))
    else if (format === 'json') {
      io.stdout.write(found.hits.map((hit) => `${JSON.stringify(hit)}\n`).join(''))
    } else io.stdout.write(found.hits.map((hit) => hitText(hit, paint)).join(''))
    if (first) io.stderr.write(standingText(found.standing, io))
    cursor = found.next
  }
  return 0
}

function grouped(desk: Desk, question: string, by: Grouping, format: Format, io: Io): number {
  const found = desk.grouped({ question, by })
  if (format === 'json') io.stdout.write(`${JSON.stringify(found)}\n`)
  else if (format === 'csv') io.stdout.write(groupsCsv(found))
  else io.stdout.write(groupsText(found, paintFor(io)) + standingText(found.standing, io))
  if (format !== 'pretty') io.stderr.write(standingText(found.standing, io))
  return 0
}

function pageText(found: SearchPage, io: Io): string {
  const paint = paintFor(io)
  const { hits, next, total_at_least: total, took_ms: took, standing } = found
  if (hits.length === 0) return `nothing on record fits\n${standingText(standing, io)}`
  const count = next === undefined ? `${hits.length} found` : `${hits.length} of at least ${total}`
  const more = next === undefined ? '' : `; go on with --cursor ${next}`
  const told = paint('grey', `${count}, in ${took} ms${more}`)
  return `${hits.map((hit) => hitText(hit, paint)).join('')}${told}\n${standingText(standing, io)}`
}

// The question with a mark below the place, where it cannot be understood.
function problemIn(question: string): string | undefined {
  const { problem } = parseQuery(question, 0)
  if (problem === undefined) return undefined
  const { at, length, what } = problem
  const flat = question.replace(/[\p{C}\s]/gu, ' ')
  const from = Math.max(0, at - SHOWN_BEFORE)
  const shown = flat.slice(from, from + SHOWN)
  const mark = `${' '.repeat(at - from)}${'^'.repeat(Math.max(1, Math.min(length, SHOWN - (at - from))))}`
  return `sallyport: ${what}\n  ${shown}\n  ${mark}\n`
}

const SHOWN_BEFORE = 60
const SHOWN = 100

function groupingOf(text: string): Grouping {
  const found = GROUPINGS.find((one) => one === text)
  if (found !== undefined) return found
  throw new GatewayError('usage', `--by is one of ${GROUPINGS.join(', ')}, not ${text}`)
}

function limitOf(text: string): number {
  const found = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : Infinity
  if (found <= SEARCH_LIMITS.pageMax) return found
  throw new GatewayError('usage', `--limit takes a number from 1 to ${SEARCH_LIMITS.pageMax}`)
}

function fieldHelp(): string {
  return Object.entries(FIELDS)
    .map(([name, { means }]) => `  ${`${name}:`.padEnd(14)} ${means}`)
    .join('\n')
}
