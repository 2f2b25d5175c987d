import * as z from 'zod'
import { setting } from '../config.ts'

/** How to reach RabbitMQ, and what its exchanges and queues are like. */
export const rabbitConfig = z.object({
  RABBITMQ_URL: z
    .url({ protocol: /^amqps?$/, error: 'must look like amqp://user:password@host:5672/vhost' })
    .describe('Address of RabbitMQ, with user, password and virtual host; amqps: for TLS'),
  RABBITMQ_PREFIX: setting
    .text()
    .regex(/^[\w.-]{0,60}$/, 'may hold letters, digits, dots, dashes and underscores')
    .default('stoa.')
    .describe('What the names of all exchanges and queues begin with'),
  RABBITMQ_PARTITIONS: setting
    .integer(1, 64)
    .default(8)
    .describe(
      'Queues of each group of readers: so many processes can share its work. Fixed once set up',
    ),
  RABBITMQ_PREFETCH: setting
    .integer(1, 2_000)
    .default(100)
    .describe('Requests or records that a process may hold of one queue at a time'),
})

export type RabbitConfig = z.output<typeof rabbitConfig>
