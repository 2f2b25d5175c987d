import type { SameKeys } from '../../lib/messages.ts'
import type { failures as english } from '../en/failures.ts'

export const failures: SameKeys<typeof english> = {
  'failure.invalid_input': 'Algo del formulario no es correcto.',
  'failure.unauthenticated': 'Inicia sesión primero.',
  'failure.forbidden': 'No puedes hacer esto.',
  'failure.email_unconfirmed': 'Confirma primero tu correo electrónico.',
  'failure.not_found': 'Esto no existe (o ya no existe).',
  'failure.rate_limited': 'Demasiadas veces. Espera un momento y vuelve a intentarlo.',
  'failure.internal': 'El servidor ha cometido un error. Allí ha quedado anotado.',
  'failure.unavailable': 'No se puede contactar con el servidor. Inténtalo dentro de un momento.',
}
