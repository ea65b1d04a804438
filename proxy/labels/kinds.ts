// What columns are told apart by: each kind of sensitive value, the labels that it gets, and how it is called
// in a reason. The table is all that scanning and checking know of labels.

type KindOfValue = { readonly labels: readonly string[]; readonly called: string }

export const KINDS = {
  card: { labels: ['pii', 'pii.card'], called: 'card numbers' },
  ssn: { labels: ['pii', 'pii.ssn'], called: 'US social security numbers' },
  iban: { labels: ['pii', 'pii.iban'], called: 'IBANs' },
  account: { labels: ['pii', 'pii.account'], called: 'bank accounts' },
  email: { labels: ['pii', 'pii.email'], called: 'e-mail addresses' },
  phone: { labels: ['pii', 'pii.phone'], called: 'phone numbers' },
  national_id: { labels: ['pii', 'pii.national_id'], called: 'numbers of persons' },
  passport: { labels: ['pii', 'pii.passport'], called: 'passports and licences' },
  birth_date: { labels: ['pii', 'pii.birth_date'], called: 'dates of birth' },
  name: { labels: ['pii', 'pii.name'], called: 'names of persons' },
  address: { labels: ['pii', 'pii.address'], called: 'addresses' },
  network: { labels: ['pii', 'pii.network'], called: 'addresses of devices' },
  health: { labels: ['pii', 'pii.health'], called: 'health' },
  salary: { labels: ['confidential'], called: 'pay' },
  secret: { labels: ['secret'], called: 'secrets' },
  personal: { labels: ['pii'], called: 'personal data' },
  confidential: { labels: ['confidential'], called: 'confidential data' },
  free_text: { labels: ['free_text'], called: 'free text' },
} as const satisfies Readonly<Record<string, KindOfValue>>

export type Kind = keyof typeof KINDS

export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text)
}
