// What a column's declaration says of the size of its values, as the catalogue (pg_attribute.atttypmod) and
// a RowDescription have it in one number. Each type packs its own way.

/** Declared characters of `char(n)` and `varchar(n)`, from pg_attribute.atttypmod. */
export function lengthOf(typmod: number | undefined): number | undefined {
  return typmod === undefined || typmod < 4 ? undefined : typmod - 4
}

/** Declared digits of `numeric(p, s)`, of which `scale` (11 bits with a sign) are behind the point. */
export function numericSize(
  typmod: number | undefined,
): { readonly precision: number; readonly scale: number } | undefined {
  const packed = lengthOf(typmod)
  if (packed === undefined) return undefined
  return { precision: packed >>> 16, scale: ((packed & 0x7ff) ^ 0x400) - 0x400 }
}
