// `sallyport audit`: proves that a record is as it was written, that its decisions can be executed again
// with the same result, and hands it out for other tools. Reads only; one verb a file.
import { GatewayError } from '../errors.js'
import type { Command, Io } from './io.js'

type Verb = { readonly summary: string; readonly load: () => Promise<Command> }

const VERBS: Readonly<Record<string, Verb>> = {
  verify: {
    summary: 'prove that the record is as it was written',
    load: () => import('./audit/verify.js'),
  },
  recheck: {
    summary: 'execute its decisions again, or that of a receipt, and name those that differ',
    load: () => import('./audit/recheck.js'),
  },
  prove: {
    summary: 'prove to anybody that a line is in the record',
    load: () => import('./audit/prove.js'),
  },
  consistency: {
    summary: 'prove that one checkpoint extends another: nothing was rolled back between them',
    load: () => import('./audit/consistency.js'),
  },
  receipt: {
    summary: 'one decision with all that it rests on, as a file that stands alone',
    load: () => import('./audit/receipt.js'),
  },
  export: {
    summary: 'print it as JSON lines, each command with facts and decision',
    load: () => import('./audit/export.js'),
  },
}

export const help = `sallyport audit VERB [ARGUMENTS]   prove a record, to yourself and to others

${Object.entries(VERBS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)}  ${summary}`)
  .join('\n')}

sallyport audit VERB --help says more. A record is named by its directory, by --record DIR or by
--config FILE; left out, it is .sallyport/record.
Exit status: 0 the record is good, 1 it is not (the first bad record is named) or cannot be read,
2 wrong usage.
`

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  const verb = name !== undefined && Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
  if (verb === undefined) {
    const what = name === undefined ? '' : `sallyport: audit has no verb “${name}”.\n\n`
    io.stderr.write(`${what}${help}`)
    return 2
  }
  const command = await verb.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    io.stdout.write(command.help)
    return 0
  }
  try {
    return await command.run(rest, io)
  } catch (problem) {
    if (!(problem instanceof GatewayError)) throw problem
    io.stderr.write(`sallyport: ${problem.message}\n`)
    if (problem.code !== 'usage') return 1
    io.stderr.write(`sallyport audit ${name} --help says more.\n`)
    return 2
  }
}
