// Rows over some dimensions in which every combination of values that is asked for comes up at least once:
// a covering array, made greedily. The same question always gives the same rows.

export type Coverage = {
  // How many values each dimension has.
  readonly sizes: readonly number[]
  // Sets of dimensions, by place, whose values are to be combined in full.
  readonly interactions: readonly (readonly number[])[]
  // May these two values stand in one row? Values of the first dimension decide over those of others; any
  // two others are compatible wherever each fits the first.
  readonly allowed: (first: number, value: number, second: number, other: number) => boolean
  // No more rows than that.
  readonly rowsMax: number
}

type Wanted = {
  readonly dimensions: readonly number[]
  readonly open: Uint8Array
  next: number
}

const COMBINATIONS_MAX = 2_000_000

export function coveringRows(coverage: Coverage): readonly (readonly number[])[] {
  const wanted = coverage.interactions.map((dimensions) => wantedOf(dimensions, coverage))
  const touching = coverage.sizes.map((_, dimension) =>
    wanted.filter((one) => one.dimensions.includes(dimension)),
  )
  const rows: number[][] = []
  for (const one of wanted) {
    for (let seed = nextOpen(one); seed >= 0; seed = nextOpen(one)) {
      if (rows.length >= coverage.rowsMax) return rows
      const row = grown(seed, one, { coverage, touching })
      if (row === undefined) one.open[seed] = 0
      else {
        rows.push(row)
        for (const other of wanted) other.open[placeOf(other, row, coverage.sizes)] = 0
      }
    }
  }
  return rows
}

function wantedOf(dimensions: readonly number[], { sizes, allowed }: Coverage): Wanted {
  const count = dimensions.reduce((product, dimension) => product * (sizes[dimension] ?? 1), 1)
  if (count > COMBINATIONS_MAX) throw new RangeError(`${count} combinations are too many`)
  const open = new Uint8Array(count)
  const values = new Array<number>(sizes.length).fill(-1)
  for (let at = 0; at < count; at += 1) {
    spread(at, dimensions, sizes, values)
    if (isCompatible(dimensions, values, allowed)) open[at] = 1
  }
  return { dimensions, open, next: 0 }
}

function isCompatible(
  dimensions: readonly number[],
  values: readonly number[],
  allowed: Coverage['allowed'],
): boolean {
  return dimensions.every((one, at) =>
    dimensions.slice(at + 1).every((other) => pairAllowed(one, other, values, allowed)),
  )
}

function pairAllowed(
  one: number,
  other: number,
  values: readonly number[],
  allowed: Coverage['allowed'],
): boolean {
  const [low, high] = one < other ? [one, other] : [other, one]
  return allowed(low, values[low] ?? -1, high, values[high] ?? -1)
}

function nextOpen(wanted: Wanted): number {
  wanted.next = wanted.open.indexOf(1, wanted.next)
  return wanted.next
}

type Growing = {
  readonly coverage: Coverage
  readonly touching: readonly (readonly Wanted[])[]
}

// A row around one combination, each other value the one that covers most; undefined where nothing fits.
function grown(seed: number, wanted: Wanted, growing: Growing): number[] | undefined {
  const { sizes } = growing.coverage
  const row = new Array<number>(sizes.length).fill(-1)
  spread(seed, wanted.dimensions, sizes, row)
  for (let dimension = 0; dimension < sizes.length; dimension += 1) {
    if (row[dimension] !== -1) continue
    const best = bestValue(row, dimension, growing)
    if (best === undefined) return undefined
    row[dimension] = best
  }
  return row
}

function bestValue(row: number[], dimension: number, growing: Growing): number | undefined {
  const { coverage, touching } = growing
  const size = coverage.sizes[dimension] ?? 0
  let best: number | undefined
  let most = -1
  // Of values that cover as much, the first: it is the ordinary one.
  for (let value = 0; value < size; value += 1) {
    row[dimension] = value
    const fits = row.every(
      (other, at) =>
        other === -1 || at === dimension || pairAllowed(at, dimension, row, coverage.allowed),
    )
    if (!fits) continue
    const covers = (touching[dimension] ?? []).filter((one) => {
      const place = placeOf(one, row, coverage.sizes)
      return place >= 0 && one.open[place] === 1
    }).length
    if (covers > most) {
      most = covers
      best = value
    }
  }
  row[dimension] = -1
  return best
}

// The number of a combination, or -1 where the row does not have all of its values yet.
function placeOf({ dimensions }: Wanted, row: readonly number[], sizes: readonly number[]): number {
  let place = 0
  for (const dimension of dimensions) {
    const value = row[dimension] ?? -1
    if (value === -1) return -1
    place = place * (sizes[dimension] ?? 1) + value
  }
  return place
}

function spread(
  place: number,
  dimensions: readonly number[],
  sizes: readonly number[],
  into: number[],
): void {
  let rest = place
  for (let at = dimensions.length - 1; at >= 0; at -= 1) {
    const dimension = dimensions[at] ?? 0
    const size = sizes[dimension] ?? 1
    into[dimension] = rest % size
    rest = Math.floor(rest / size)
  }
}
