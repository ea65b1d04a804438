// The rules that the composition asks: `allow`, `deny`, `hold`, `mask` and `mask_rule` of the package
// `sallyport.policies`. What stands under an operation is asked for commands with such an effect.
import { OPERATIONS } from '../../../engine/schemas/facts.js'
import type { Library, PlacedRule } from './library.js'

export const FAMILIES = ['allow', 'deny', 'hold', 'mask', 'mask_rule'] as const
export type Family = (typeof FAMILIES)[number]

export const POLICIES = 'sallyport.policies'

export type FamilyRule = PlacedRule & {
  readonly family: Family
  // Of `deny.update`, and `any`; undefined for a mask, or where there is none.
  readonly operation: string | undefined
}

export function familyRules(library: Library): readonly FamilyRule[] {
  return library.rules.flatMap((placed) => {
    const [name = '', operation] = placed.rule.path
    const family = FAMILIES.find((one) => one === name)
    if (family === undefined || placed.file.package.join('.') !== POLICIES) return []
    return [{ ...placed, family, operation }]
  })
}

// Under what a rule of this family may stand.
export function keysOfFamily(family: Family): readonly string[] {
  switch (family) {
    case 'allow':
      return OPERATIONS
    case 'deny':
    case 'hold':
      return ['any', ...OPERATIONS]
    case 'mask':
    case 'mask_rule':
      return []
  }
}
