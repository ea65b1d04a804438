// The pages about approvals, side by side.
import { Tabs } from '../parts/tabs.js'

const PAGES = [
  ['waiting', '/approvals', 'Waiting'],
  ['all', '/approvals?status=all', 'All'],
  ['access', '/approvals/access', 'Access'],
  ['delegations', '/approvals/delegations', 'Delegations'],
] as const

export function ApprovalTabs({ here }: { readonly here: (typeof PAGES)[number][0] }) {
  return (
    <Tabs
      label="Which approvals"
      tabs={PAGES.map(([name, href, title]) => ({ href, title, here: name === here }))}
    />
  )
}
