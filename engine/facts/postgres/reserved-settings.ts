// Settings of the session that are the gateway's own: the keys of `hash` and `token`, where the target masks by
// them itself. Who could read them could guess what is behind a hash, and who could set them as well, so
// that no statement of a client may name them, or name a setting that cannot be told here.
import { KEY_SETTINGS } from './mask-expression.js'
import type { Statement } from './reading.js'

const PREFIX = KEY_SETTINGS.inner.split('.')[0] ?? ''

/** Why the statement may not run, whatever the decision. */
export function reservedSetting(
  statement: Statement,
): { readonly refused: string; readonly hint: string } | undefined {
  const { effects, postgres } = statement.command
  for (const { kind, object, op } of effects) {
    if (kind !== 'setting') continue
    if (object.startsWith(`${PREFIX}.`)) {
      return {
        refused: `settings of ${PREFIX} are the gateway’s own`,
        hint: 'Leave the setting out.',
      }
    }
    // current_setting() of a name that is computed. SHOW ALL leaves such settings out.
    if (object === 'all' && op === 'read' && postgres.tag !== 'SHOW') {
      return {
        refused: 'it is not known which setting is read',
        hint: 'Write the name of the setting as a literal.',
      }
    }
  }
  return undefined
}
