// The pages about policies, side by side.
import { Tabs } from '../parts/tabs.js'

const PAGES = [
  ['now', '/policies', 'In force'],
  ['rules', '/policies/rules', 'Rules'],
  ['shadow', '/policies/shadow', 'Shadow'],
  ['diff', '/policies/diff', 'Differences'],
] as const

export function PolicyTabs({ here }: { readonly here: (typeof PAGES)[number][0] }) {
  return (
    <Tabs
      label="About policies"
      tabs={PAGES.map(([name, href, title]) => ({ href, title, here: name === here }))}
    />
  )
}
