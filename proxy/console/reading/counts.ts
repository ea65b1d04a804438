// Numbers and their words: grouped digits, and the plural where there is one.

const grouped = new Intl.NumberFormat('en')

export function count(value: number): string {
  return grouped.format(value)
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}
