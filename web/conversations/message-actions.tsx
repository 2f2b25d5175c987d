import { createContext, type ReactNode, useContext } from 'react'
import type { Message, ShownMessage } from './shapes.ts'

/** What can be done with a message; who may do it, the server decides and these only guess. */
export type MessageActions = {
  reply(message: Message): void
  edit(message: Message): void
  askDelete(message: Message): void
  react(message: Message, emoji: string): void
  askReaction(message: Message): void
  pin(message: Message): void
  showReaders(message: Message): void
  copy(text: string): void
  /** Shows a message by its id, wherever it is. */
  show(messageId: string): void
  retry(message: ShownMessage): void
  discard(message: ShownMessage): void
  /** Takes a message that was refused back into the composer. */
  revise(message: ShownMessage): void
  mayDelete(message: Message): boolean
  mayPin: boolean
  isPinned(messageId: string): boolean
  /** A message that is held here already, so that it need not be asked for. */
  find(messageId: string): Message | undefined
  /** Hears when what is held changes. */
  onHeld(listener: () => void): () => void
}

const ActionsContext = createContext<MessageActions | undefined>(undefined)

export function ActionsProvider({
  value,
  children,
}: {
  value: MessageActions
  children: ReactNode
}) {
  return <ActionsContext value={value}>{children}</ActionsContext>
}

export function useActions(): MessageActions {
  const actions = useContext(ActionsContext)
  if (!actions) throw new Error('There is no ActionsProvider above this component.')
  return actions
}
