import { accounts } from '../../contracts/accounts.ts'
import { chat } from '../../contracts/chat.ts'
import { notifications } from '../../contracts/notifications.ts'
import { defineService } from '../../kit/service.ts'
import { configSchema } from './config.ts'
import type { Deps } from './deps.ts'
import { createMailHandlers } from './handlers/mail.ts'
import { createNotificationHandlers } from './handlers/notifications.ts'
import { createHousekeeping } from './housekeeping.ts'
import { createDelivery } from './mail/delivery.ts'
import { migrations } from './migrations/index.ts'
import { createNotifier } from './notifier.ts'
import { createSubscribers } from './subscribers.ts'

export const notificationsService = defineService({
  contract: notifications,
  uses: { accounts },
  listens: { accounts, chat },
  config: configSchema,
  migrations,
  create(deps: Deps) {
    const tell = createNotifier(deps.outbox)
    const delivery = createDelivery(deps)
    return {
      handlers: {
        ...createNotificationHandlers(deps, tell),
        ...createMailHandlers(deps, delivery.wake),
      },
      subscribers: createSubscribers(tell),
      jobs: [delivery, createHousekeeping(deps)],
    }
  },
})
