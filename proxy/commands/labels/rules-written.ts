// Rules added to data/labels/data.yaml of a policy folder: as a diff, and written when told to, whole or not at all.
import { mkdir, realpath, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { GatewayError } from '../../errors.js'
import { ruleFileOf, type LabelData } from '../../labels/label-data.js'
import { readRuleFile, withRules, type NewRule } from '../../labels/rule-file.js'
import { unifiedDiff } from '../../labels/unified-diff.js'
import type { PolicyFolder } from '../../policies/folder.js'

export type RulesWritten = {
  // As seen from where the command was called.
  readonly file: string
  readonly diff: string
  readonly written: boolean
}

export async function rulesWritten(
  folder: PolicyFolder,
  data: LabelData,
  added: readonly NewRule[],
  { cwd, write }: { readonly cwd: string; readonly write: boolean },
): Promise<RulesWritten> {
  const name = ruleFileOf(folder)
  const path = join(folder.root, name)
  // Two files that say `labels.columns` are one too many for OPA.
  if (data.rules.length > 0 && data.place.file !== name && added.length > 0) {
    throw new GatewayError(
      'bundle_invalid',
      `the label rules stand in ${data.place.file}, and rules are added to ${name} alone: move them there`,
    )
  }
  const before = await readRuleFile(path)
  const file = relative(cwd, path)
  const after = withRules(before, added, file)
  const diff = added.length === 0 ? '' : unifiedDiff(name, before, after)
  const written = write && added.length > 0
  if (written) await writtenWhole(path, after)
  return { file, diff, written }
}

// A link stays one.
async function writtenWhole(named: string, text: string): Promise<void> {
  const path = await realpath(named).catch(() => named)
  const part = `${path}.part`
  await mkdir(dirname(path), { recursive: true })
  await writeFile(part, text)
  await rename(part, path)
}
