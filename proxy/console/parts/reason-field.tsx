// Why something is done, in the words of whoever does it: asked wherever others will feel it.
type Props = { readonly value: string; readonly set: (value: string) => void }

export function ReasonField({ value, set }: Props) {
  return (
    <label class="field">
      <span>Reason, for the record</span>
      <input
        type="text"
        name="reason"
        required
        maxLength={500}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  )
}
