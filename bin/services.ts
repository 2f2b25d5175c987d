import type { AnyService } from '../kit/service.ts'
import { accountsService } from '../services/accounts/index.ts'
import { auditService } from '../services/audit/index.ts'
import { chatService } from '../services/chat/index.ts'
import { notificationsService } from '../services/notifications/index.ts'
import { usersService } from '../services/users/index.ts'

/** Every service of the product, in the order in which they are shown. */
export const services: readonly AnyService[] = [
  accountsService,
  usersService,
  chatService,
  notificationsService,
  auditService,
]
