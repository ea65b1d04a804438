// `sallyport policy predict`: what a gateway would do with a migration or script, before it is sent.
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { GatewayError } from '../../errors.js'
import { surroundingsOf } from '../../policies/explain/surroundings.js'
import { findingsText } from '../../policies/findings.js'
import type { PolicyFolder } from '../../policies/folder.js'
import { predicted, type Prediction } from '../../policies/predict/predict.js'
import {
  predictionFindings,
  predictionMarkdown,
  PREDICTION_RULES,
  predictionText,
} from '../../policies/predict/prediction-text.js'
import type { Ddl } from '../../policies/rehearsal/catalogue.js'
import { situationOf, targetOf } from '../../policies/rehearsal/situation.js'
import type { Io } from '../io.js'
import { paintFor } from '../table.js'
import { argumentsOf, catalogueFor, folderArgument, formatArgument, policyAt } from './toolbox.js'

export const help = `sallyport policy predict FILE [DIR] --as IDENTITY --target T

Says what a gateway would do with a migration or a script: which statements it allows, masks, holds and for
whose approval, and denies, with the reason and what would pass. Statements are cut as psql cuts them, so
digests are those of production; names are those of the target's DDL and of the definitions before.
Each statement is told as if those before it had run. Nothing is sent anywhere.

  FILE                the script; - is standard input
  DIR                 the folder of policies (default: the current one)
  --as NAME           who sends it: a name under identities in sallyport-policy.yaml
  --target NAME       where to: a name under targets
  --bundle FILE       a bundle in place of the folder's policies
  --whole             the file is sent as one message, as drivers do (default: as psql -f does)
  --fail-on WHAT      deny (default): end with 1 where something is denied; approval: or held; none
  --format FORMAT     pretty (default), json, markdown, github, sarif

Exit status: 0 nothing of what --fail-on names, 1 something, or a text that is no SQL, 2 wrong usage.
`

const OPTIONS = {
  as: { type: 'string' },
  target: { type: 'string' },
  bundle: { type: 'string' },
  whole: { type: 'boolean' },
  'fail-on': { type: 'string' },
  format: { type: 'string' },
} as const

const FAIL_ON = ['deny', 'approval', 'none'] as const

export async function run(argv: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = argumentsOf(argv, OPTIONS)
  const format = formatArgument(values.format, ['pretty', 'json', 'markdown', 'github', 'sarif'])
  const failOn = FAIL_ON.find((one) => one === (values['fail-on'] ?? 'deny'))
  if (failOn === undefined) {
    throw new GatewayError('usage', `--fail-on is one of ${FAIL_ON.join(', ')}`)
  }
  const [file, ...rest] = positionals
  const { as, target } = values
  if (file === undefined || as === undefined || target === undefined) {
    throw new GatewayError('usage', 'name a FILE, --as and --target')
  }
  const script = await scriptOf(file, io)
  const folder = await folderArgument(rest, io)
  const situation = situationOf(folder.settings, { as, target })
  const { policy } = await policyAt(values.bundle ?? folder, io)
  const found = await predicted({
    script,
    policy,
    catalogue: await catalogueFor(folder, target, policy, io),
    ddl: await ddlOf(folder, target),
    situation,
    around: surroundingsOf(folder),
    whole: values.whole === true,
    progress: (what) => void io.stderr.write(`${what}\n`),
  })
  const about = { file, identity: as, target }
  switch (format) {
    case 'pretty':
      io.stdout.write(predictionText(found, about, paintFor(io)))
      break
    case 'json':
      io.stdout.write(`${JSON.stringify({ ...about, ...found }, null, 2)}\n`)
      break
    case 'markdown':
      io.stdout.write(predictionMarkdown(found, about))
      break
    case 'github':
    case 'sarif':
      io.stdout.write(
        findingsText(predictionFindings(found, file), format, { rules: PREDICTION_RULES }),
      )
  }
  return isBad(found, failOn) ? 1 : 0
}

function isBad(
  { statements, syntaxErrors }: Prediction,
  failOn: (typeof FAIL_ON)[number],
): boolean {
  if (syntaxErrors.length > 0) return true
  if (failOn === 'none') return false
  return statements.some(
    ({ action }) => action === 'deny' || (failOn === 'approval' && action === 'require-approval'),
  )
}

function scriptOf(file: string, io: Io): Promise<string> {
  const path = file === '-' ? '/dev/stdin' : resolve(io.cwd, file)
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('not_found', `${file} cannot be read`, { cause })
  })
}

function ddlOf({ settings, root }: PolicyFolder, target: string): Promise<readonly Ddl[]> {
  return Promise.all(
    targetOf(settings, target).catalogue.map(async (file) => ({
      file,
      text: await readFile(join(root, file), 'utf8'),
    })),
  )
}
