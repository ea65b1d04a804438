// Numbers and their words: grouped digits, and the plural where there is one.

const grouped = new Intl.NumberFormat('en')

export function count(value: number): string {
  return grouped.format(value)
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

// 4.1 MB; what is small is told in kB.
export function sizeOf(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'] as const
  let [value, at] = [bytes / 1000, 0]
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000
    at += 1
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[at]}`
}
