// Results described before: the same statement is mostly answered with the same RowDescription, byte for
// byte, and what was found about it then, under the same catalogue and masks, is still so.
import type { Catalogue } from '../../../engine/facts/postgres/catalogue.js'
import type { ExitMasks } from '../../../engine/facts/postgres/exit-masks.js'
import type { OutputColumn } from '../../../engine/facts/postgres/reading.js'
import type { MaskPlan } from './mask.js'
import type { ResultColumn } from './row-description.js'
import type { Running } from './running.js'

type KnownResult = {
  readonly catalogue: Catalogue
  readonly masks: ExitMasks
  readonly format: number
  readonly description: Buffer
  readonly columns: readonly ResultColumn[]
  // undefined where nothing in the rows is looked at.
  readonly plan: MaskPlan | undefined
}

const DESCRIPTION_BYTES_MAX = 4096
// Only results that were found to agree with their reading; gone with it.
const known = new WeakMap<readonly OutputColumn[], KnownResult>()

// `format`: that of all columns; undefined where they differ. The result has its plan already when this
// answers with its columns.
export function recalled(
  running: Running,
  catalogue: Catalogue,
  format: number | undefined,
  bytes: Buffer,
  start: number,
  end: number,
): readonly ResultColumn[] | undefined {
  const { outputs } = running.statement
  if (outputs === undefined || outputs === 'unknown') return undefined
  const found = known.get(outputs)
  if (found === undefined || found.catalogue !== catalogue || found.format !== format)
    return undefined
  const { description, masks, plan, columns } = found
  if (masks !== running.masks || description.length !== end - start) return undefined
  if (description.compare(bytes, start, end) !== 0) return undefined
  running.plan = plan
  return columns
}

// The result agrees with its reading and has its plan.
export function remember(
  running: Running,
  catalogue: Catalogue,
  format: number | undefined,
  columns: readonly ResultColumn[],
  bytes: Buffer,
  start: number,
  end: number,
): void {
  const { masks, plan, statement } = running
  const { outputs } = statement
  if (outputs === undefined || outputs === 'unknown' || format === undefined) return
  if (end - start > DESCRIPTION_BYTES_MAX) return
  const description = Buffer.from(bytes.subarray(start, end))
  known.set(outputs, { catalogue, masks, format, description, columns, plan })
}
