import { type ChangeEvent, type FormEvent, useEffect, useRef, useState } from 'react'
import { Failure } from '../../client/index.ts'
import { useI18n } from './i18n.tsx'

type Values = Record<string, string | boolean>

export type FormOptions<V extends Values> = {
  initial: V
  /** Fields that must not be left empty. */
  required?: readonly (keyof V & string)[]
  /** At which field a failure belongs that names none: `{ username_taken: 'username' }`. */
  fieldOf?: Readonly<Record<string, keyof V & string>>
  /** Words for what is wrong with a field, better than those of the server; by name of the field. */
  rules?: Readonly<Partial<Record<keyof V & string, string>>>
  submit: (values: V) => Promise<unknown>
}

/**
 * What was typed, what is wrong with it and where. The server decides what is right; its answer is
 * shown at the fields, and the first wrong one gets the focus. Nothing that was typed is lost.
 */
export function useForm<V extends Values>(options: FormOptions<V>) {
  const { initial, required = [], fieldOf = {}, rules = {}, submit } = options
  const { t, explain } = useI18n()
  const form = useRef<HTMLFormElement>(null)
  const [values, setValues] = useState(initial)
  const [errors, setErrors] = useState<Readonly<Partial<Record<string, string>>>>({})
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const [refusals, setRefusals] = useState(0)

  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [refusals])

  function set<K extends keyof V & string>(name: K, value: V[K]): void {
    setValues((before) => ({ ...before, [name]: value }))
    setErrors(({ [name]: _, ...others }) => others)
  }

  function refuse(found: Record<string, string>, cause?: unknown): void {
    setErrors(found)
    setFailure(cause)
    setRefusals((count) => count + 1)
  }

  /** What of a refusal belongs to which field; the rest is said above the button. */
  function readErrors(error: unknown): Record<string, string> {
    if (!(error instanceof Failure)) return {}
    const field = fieldOf[error.code]
    if (field) return { [field]: explain(error) }
    const better: Readonly<Record<string, string | undefined>> = rules
    const named = (error.errors ?? []).filter(({ field }) => field in values)
    return Object.fromEntries(named.map(({ field, message }) => [field, better[field] ?? message]))
  }

  async function onSubmit(event: FormEvent): Promise<void> {
    event.preventDefault()
    if (busy) return
    const empty = required.filter((name) => values[name] === '' || values[name] === false)
    if (empty.length > 0) {
      refuse(Object.fromEntries(empty.map((name) => [name, t('form.required')])))
      return
    }
    setBusy(true)
    setErrors({})
    setFailure(undefined)
    try {
      await submit(values)
    } catch (error) {
      const found = readErrors(error)
      refuse(found, Object.keys(found).length > 0 ? undefined : error)
    } finally {
      setBusy(false)
    }
  }

  return {
    values,
    set,
    busy,
    /** What went wrong that belongs to no field. */
    failure,
    /** For the `form` element. */
    form: { ref: form, noValidate: true, onSubmit: (event: FormEvent) => void onSubmit(event) },
    /** For a text field. */
    text(name: keyof V & string) {
      return {
        name,
        value: String(values[name]),
        error: errors[name],
        onChange: (event: ChangeEvent<HTMLInputElement>) =>
          set(name, event.target.value as V[typeof name]),
      }
    },
    /** For a checkbox. */
    check(name: keyof V & string) {
      return {
        name,
        checked: values[name] === true,
        error: errors[name],
        onChange: (event: ChangeEvent<HTMLInputElement>) =>
          set(name, event.target.checked as V[typeof name]),
      }
    },
  }
}
