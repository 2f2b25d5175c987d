import type { SameKeys } from '../../lib/messages.ts'
import type { people as english } from '../en/people.ts'

export const people: SameKeys<typeof english> = {
  'people.search': 'Buscar personas',
  'people.order': 'Ordenar por',
  'people.order.name': 'Por nombre',
  'people.order.username': 'Por nombre de usuario',
  'people.order.newest': 'Recientes primero',
  'people.order.oldest': 'Antiguas primero',
  'people.nobodyFound': 'Nadie se llama «{search}»',
  'people.nobodyFoundHint':
    'Basta con una parte del nombre o del nombre de usuario; no importan acentos ni mayúsculas.',
  'people.alone': 'Eres la primera persona aquí',
  'people.aloneHint': 'Quien se una aparecerá en esta lista. Cuéntales dónde encontrarte.',
  'people.choose': 'Elige a alguien',
  'people.chooseHint': 'Verás quién es y podrás escribirle.',
  'people.person': 'Persona',
  'people.unknown': 'Aquí no hay nadie',
  'people.unknownHint': 'Puede que la dirección esté mal escrita o que la cuenta ya no exista.',
  'people.role.moderator': 'Moderación',
  'people.role.admin': 'Administración',
  'people.lastSeen': 'última vez: {when}',
  'people.write': 'Enviar mensaje',
  'people.block': 'Bloquear',
  'people.unblock': 'Desbloquear',
  'people.blockTitle': '¿Bloquear a {name}?',
  'people.blockHint':
    'Ya no podrá escribirte ni ver si estás aquí, y ninguno encontrará al otro. No se le avisa. Puedes deshacerlo en los ajustes cuando quieras.',
  'people.blocked': 'Has bloqueado a {name}.',
  'people.unblocked': 'Ya no bloqueas a {name}.',
  'people.blockedNote': 'Has bloqueado a esta persona.',
  'people.fullName': 'Nombre completo',
  'people.country': 'País',
  'people.email': 'Correo electrónico',
  'people.website': 'Sitio web',
  'people.since': 'Miembro desde',
}
