import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useEffectEvent,
  useState,
  useSyncExternalStore,
} from 'react'

/** Something that can be done by a key, from the command palette, or both. */
export type Command = {
  id: string
  /** What it does, in words. */
  title: string
  /** The heading under which the sheet of shortcuts lists it. */
  group: string
  /**
   * `?`, `mod+k` (Ctrl, or Cmd on a Mac), or one key after another: `g c`. Single keys are left
   * alone while somebody types.
   */
  keys?: string
  /** More words by which the palette finds it. */
  words?: string
  /** Absent for keys that a component hears by itself and the sheet only tells of. */
  run?: () => void
}

type Commands = {
  add(id: string, commands: readonly Command[]): void
  remove(id: string): void
  all(): readonly Command[]
  onChange(listener: () => void): () => void
}

const CommandsContext = createContext<Commands | undefined>(undefined)
/** How long the second key of two may take. */
const sequenceMs = 1_200

function createCommands(): Commands {
  const groups = new Map<string, readonly Command[]>()
  const listeners = new Set<() => void>()
  let all: readonly Command[] = []
  function changed() {
    all = [...groups.values()].flat()
    for (const listener of listeners) listener()
  }
  return {
    add(id, commands) {
      groups.set(id, commands)
      changed()
    },
    remove(id) {
      if (groups.delete(id)) changed()
    },
    all: () => all,
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/** Keeps what can be done on the screens that are shown, and hears the keys for it. */
export function CommandsProvider({ children }: { children: ReactNode }) {
  const [commands] = useState(createCommands)

  useEffect(() => {
    let before: { key: string; at: number } | undefined
    function hear(event: KeyboardEvent) {
      if (event.defaultPrevented || event.isComposing || event.altKey) return
      const key = nameOf(event)
      const single = !key.startsWith('mod+')
      if (single && (isTyping(event.target) || document.querySelector('dialog[open]'))) return
      const recent = before && event.timeStamp - before.at < sequenceMs ? before.key : undefined
      const wanted = recent ? [`${recent} ${key}`, key] : [key]
      before = { key, at: event.timeStamp }
      // What was added last belongs to what is on top.
      const found = commands.all().findLast(({ keys, run }) => run && keys && wanted.includes(keys))
      if (!found?.run) return
      before = undefined
      event.preventDefault()
      found.run()
    }
    document.addEventListener('keydown', hear)
    return () => document.removeEventListener('keydown', hear)
  }, [commands])

  return <CommandsContext value={commands}>{children}</CommandsContext>
}

function nameOf({ key, ctrlKey, metaKey }: KeyboardEvent): string {
  const name = key.length === 1 ? key.toLowerCase() : key
  return ctrlKey || metaKey ? `mod+${name}` : name
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

function useCommandStore(): Commands {
  const commands = useContext(CommandsContext)
  if (!commands) throw new Error('There is no CommandsProvider above this component.')
  return commands
}

/** Offers commands for as long as the component is there; `id` names the set. */
export function useCommands(id: string, offered: readonly Command[]): void {
  const commands = useCommandStore()
  // Their words may change with the language, and what they run with every render.
  const words = JSON.stringify(offered)
  const run = useEffectEvent((commandId: string) => {
    offered.find((command) => command.id === commandId)?.run?.()
  })
  useEffect(() => {
    const read: Command[] = JSON.parse(words)
    const runnable = new Set(offered.filter((one) => one.run).map((one) => one.id))
    commands.add(
      id,
      read.map((one) => (runnable.has(one.id) ? { ...one, run: () => run(one.id) } : one)),
    )
    return () => commands.remove(id)
  }, [commands, id, words])
}

/** Everything that can be done now. */
export function useAllCommands(): readonly Command[] {
  const commands = useCommandStore()
  return useSyncExternalStore(commands.onChange, commands.all)
}
