import type { OutboxEntry, Pushes } from '../../client/index.ts'
import type { ItemOf, Output } from '../lib/calls.ts'

export type Conversation = Output<'chat', 'getConversation'>
export type OwnState = Conversation['own']
export type Message = Pushes['message:new']
export type Participant = ItemOf<'chat', 'listParticipants'>
export type PersonSummary = NonNullable<Participant['person']>

/** A message as it is shown: one that is not stored yet tells how far it has come. */
export type ShownMessage = Message & { pending?: Pick<OutboxEntry, 'state' | 'code'> }

/** The same before and after a message is stored, and of one sender only. */
export function keyOfMessage({ senderId, uuid }: Pick<Message, 'senderId' | 'uuid'>): string {
  return `${senderId} ${uuid}`
}

export const longestGroupName = 100
