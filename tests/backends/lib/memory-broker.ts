import type { Message, TopicMessage, Transport } from '../../../kit/remote/transport.ts'

type Reader = { topics: ReadonlySet<string>; receive: (message: TopicMessage) => void }

/**
 * A broker in memory, with a log per topic and groups that remember how far they are: what every
 * driver makes of its own, in its simplest form, to test what stands above the drivers.
 */
export function createMemoryBroker({ maxBodyBytes = 1_000_000 } = {}) {
  const requests = new Map<string, ((message: Message) => void)[]>()
  const replies = new Map<string, (message: Message) => void>()
  const log: TopicMessage[] = []
  const groups = new Map<string, { next: number; wake: () => void }>()
  const tails = new Set<Reader>()
  const broadcasts = new Set<(message: Message) => void>()
  let down = false

  function demandUp(): void {
    if (down) throw new Error('The broker is down')
  }

  function connect(instanceId: string): Transport {
    const undo: (() => void)[] = []
    let draining = false
    const underWay = new Set<Promise<void>>()
    let closed = false
    return {
      maxBodyBytes,
      async openReplies(receive) {
        demandUp()
        replies.set(instanceId, receive)
        return instanceId
      },
      async sendRequest(service, message) {
        demandUp()
        const workers = requests.get(service) ?? []
        const worker = workers.shift()
        if (!worker) return
        workers.push(worker)
        setImmediate(() => worker(structuredClone(message)))
      },
      async sendReply(address, message) {
        demandUp()
        setImmediate(() => replies.get(address)?.(structuredClone(message)))
      },
      async serveRequests(service, receive) {
        demandUp()
        const workers = requests.get(service) ?? []
        workers.push(receive)
        requests.set(service, workers)
        undo.push(() => {
          const at = workers.indexOf(receive)
          if (at >= 0) workers.splice(at, 1)
        })
      },
      async publish(messages) {
        demandUp()
        for (const message of messages) {
          const whole: TopicMessage = { ...structuredClone(message), recordId: `${log.length}` }
          log.push(whole)
          for (const { topics, receive } of tails) if (topics.has(whole.topic)) receive(whole)
        }
        for (const { wake } of groups.values()) wake()
      },
      async subscribe(name, topics, receive) {
        demandUp()
        const group = groups.get(name) ?? { next: 0, wake: () => undefined }
        groups.set(name, group)
        let running = false
        group.wake = () => {
          if (running || draining) return
          running = true
          const work = (async () => {
            while (group.next < log.length && !draining) {
              const message = log[group.next]
              if (message && topics.includes(message.topic)) await receive([message])
              group.next++
            }
          })().finally(() => {
            running = false
            underWay.delete(work)
          })
          underWay.add(work)
        }
        group.wake()
      },
      async tail(topics, receive) {
        demandUp()
        const reader = { topics: new Set(topics), receive }
        tails.add(reader)
        undo.push(() => tails.delete(reader))
      },
      broadcast(message) {
        if (down) return
        for (const receive of broadcasts) setImmediate(() => receive(structuredClone(message)))
      },
      async onBroadcast(receive) {
        demandUp()
        broadcasts.add(receive)
        undo.push(() => broadcasts.delete(receive))
      },
      ready: () => !down && !closed,
      async drain() {
        draining = true
        for (const step of undo) step()
        await Promise.all(underWay)
      },
      async close() {
        closed = true
        replies.delete(instanceId)
      },
    }
  }

  return {
    connect,
    setDown(isDown: boolean) {
      down = isDown
    },
  }
}
