/** An emoji and the words by which it is found; the first names it. */
export type NamedEmoji = { emoji: string; en: string; es: string }

type GroupName = 'smileys' | 'gestures' | 'hearts' | 'nature' | 'food' | 'things'

/** One line for each: the emoji, its words in English, and in Spanish. */
const lines: Readonly<Record<GroupName, string>> = {
  smileys: `
😀|grin smile happy|sonrisa feliz alegre
😃|smiley happy joy|sonriente feliz alegría
😄|laugh smile happy|reír sonrisa feliz
😁|beaming grin teeth|radiante dientes sonrisa
😆|laughing squint|carcajada reír
😅|sweat-smile relief nervous|sudor risa alivio nervios
🤣|rofl rolling laugh|partirse reír suelo
😂|joy tears laugh|lágrimas risa llorar
🙂|slight-smile ok|sonrisa leve bien
🙃|upside-down silly irony|revés ironía
😉|wink|guiño
😊|blush smile warm|rubor sonrisa
😇|innocent angel halo|inocente angel
🥰|loving hearts adore|amor corazones adorar
😍|heart-eyes love|enamorado ojos corazón
😘|kiss blow|beso
😋|yum tasty tongue|rico sabroso lengua
😜|wink-tongue joke crazy|broma lengua loco
🤪|zany crazy goofy|loco payaso
🤗|hug|abrazo
🤭|oops giggle hand|ups risita
🤫|quiet shh secret|silencio secreto
🤔|thinking hmm|pensar duda
🤨|eyebrow doubt skeptic|ceja duda escéptico
😐|neutral meh|neutral indiferente
😶|speechless silent|mudo callado
😏|smirk|pícaro
😒|unamused annoyed|fastidio aburrido
🙄|eye-roll|ojos blanco
😬|grimace awkward|mueca incómodo
😌|relieved calm|aliviado calma
😔|pensive sad|pensativo triste
😴|sleep tired zzz|dormir sueño
🤤|drool|baba
😷|mask ill|mascarilla enfermo
🤒|thermometer fever ill|fiebre termometro enfermo
🤕|bandage hurt|vendaje herido
🤢|nausea sick|náuseas asco
🤧|sneeze cold|estornudo resfriado
🥵|hot heat|calor
🥶|cold freezing|frío congelado
🥴|woozy dizzy|mareado
🤯|mind-blown explode|cabeza explotar asombro
🥳|party celebrate|fiesta celebrar
😎|cool sunglasses|guay gafas
🤓|nerd glasses|empollón gafas
😕|confused|confundido
😟|worried|preocupado
😮|wow surprised open|sorpresa asombro
😳|flushed embarrassed|sonrojado vergüenza
🥺|pleading please|súplica porfavor
😢|cry sad tear|llorar triste lágrima
😭|sob cry loud|llanto llorar
😱|scream fear shock|grito miedo
😞|disappointed sad|decepción triste
😩|weary tired|agotado cansado
🥱|yawn bored tired|bostezo aburrido
😤|steam proud triumph|resoplar orgullo
😡|angry mad red|enfado furia rojo
🤬|swear curse|insulto maldecir
😈|devil mischief|diablo travieso
💀|skull dead|calavera muerto
💩|poop|caca
🤡|clown|payaso
👻|ghost|fantasma
👽|alien|extraterrestre
🤖|robot bot|robot
`,
  gestures: `
👍|thumbs-up yes good like|pulgar-arriba sí bien gusta
👎|thumbs-down no bad|pulgar-abajo no mal
👌|ok perfect|ok perfecto
🤌|pinched what|dedos que
✌️|victory peace|victoria paz
🤞|fingers-crossed luck|dedos-cruzados suerte
🤟|love-you|té-quiero
🤘|rock horns|rock cuernos
🤙|call-me shaka|llámame
👈|left point|izquierda señalar
👉|right point|derecha señalar
👆|up point|arriba señalar
👇|down point|abajo señalar
☝️|one point up|uno arriba
👋|wave hello bye hi|saludo hola adiós
🤚|raised-back hand|mano dorso
✋|stop hand high-five|alto mano
🖖|vulcan spock|vulcano
👏|clap applause bravo|aplauso bravo
🙌|hooray raise celebrate|hurra celebrar
🫶|heart-hands love|manos-corazón amor
🤝|handshake deal agree|apretón trato acuerdo
🙏|please thanks pray|gracias porfavor rezar
✍️|writing|escribir
💪|strong muscle|fuerte músculo
🧠|brain|cerebro
👀|eyes look|ojos mirar
🤷|shrug dunno|encogerse nose
🤦|facepalm|facepalm
🙋|hand-raise question|mano pregunta
💁|info tip|informar
🙇|bow sorry|reverencia perdon
🧑‍💻|developer computer code|programar ordenador
🏃|run|correr
💃|dance|bailar
🕺|dance man|bailar
`,
  hearts: `
❤️|heart love red|corazón amor rojo
🧡|orange-heart|corazón-naranja
💛|yellow-heart|corazón-amarillo
💚|green-heart|corazón-verde
💙|blue-heart|corazón-azul
💜|purple-heart|corazón-morado
🖤|black-heart|corazón-negro
🤍|white-heart|corazón-blanco
💔|broken-heart|corazón-roto
💕|two-hearts love|corazones amor
💯|hundred perfect|cien perfecto
✨|sparkles shiny|destellos brillo
⭐|star|estrella
🌟|glowing-star|estrella brillante
🔥|fire hot lit|fuego caliente
💥|boom collision|bum choque
💫|dizzy star|mareo estrella
💦|sweat drops|sudor gotas
💤|zzz sleep|zzz dormir
💬|speech chat|bocadillo charla
💭|thought|pensamiento
✅|check done yes|hecho sí listo
☑️|checked box|marcado casilla
❌|cross no wrong|cruz no mal
❓|question|pregunta
❗|exclamation important|exclamación importante
⚠️|warning|aviso peligro
🚫|forbidden no|prohibido no
♻️|recycle|reciclar
🆗|ok|ok
🆕|new|nuevo
`,
  nature: `
🐶|dog|perro
🐱|cat|gato
🐭|mouse|ratón
🐰|rabbit|conejo
🦊|fox|zorro
🐻|bear|oso
🐼|panda|panda
🐨|koala|koala
🦁|lion|león
🐮|cow|vaca
🐷|pig|cerdo
🐸|frog|rana
🐵|monkey|mono
🙈|see-no-evil monkey|no-ver mono
🐔|chicken|gallina
🐧|penguin|pingüino
🦉|owl|búho
🦄|unicorn|unicornio
🐝|bee|abeja
🦋|butterfly|mariposa
🐢|turtle slow|tortuga lento
🐙|octopus|pulpo
🐬|dolphin|delfín
🐳|whale|ballena
🌸|blossom flower|flor cerezo
🌹|rose|rosa
🌻|sunflower|girasol
🌳|tree|árbol
🌵|cactus|cactus
🍀|clover luck|trébol suerte
🍂|leaves autumn|hojas otoño
☀️|sun sunny|sol
🌙|moon night|luna noche
☁️|cloud|nube
🌧️|rain|lluvia
⛈️|storm|tormenta
🌈|rainbow|arcoíris
❄️|snow cold|nieve frío
🌊|wave sea|ola mar
🌍|earth world|tierra mundo
`,
  food: `
🍎|apple|manzana
🍌|banana|plátano
🍇|grapes|uvas
🍓|strawberry|fresa
🍉|watermelon|sandía
🥑|avocado|aguacate
🍅|tomato|tomate
🥕|carrot|zanahoria
🍞|bread|pan
🧀|cheese|queso
🥚|egg|huevo
🍔|burger|hamburguesa
🍟|fries|patatas
🍕|pizza|pizza
🌮|taco|taco
🥘|paella stew|paella guiso
🍝|pasta spaghetti|pasta espaguetis
🍣|sushi|sushi
🍜|noodles soup|fideos sopa
🥗|salad|ensalada
🍦|ice-cream|helado
🍩|donut|dona
🍪|cookie|galleta
🎂|cake birthday|tarta cumpleaños
🍫|chocolate|chocolate
🍿|popcorn|palomitas
☕|coffee tea|café té
🍵|tea|té
🧉|mate|mate
🍺|beer|cerveza
🍷|wine|vino
🥂|cheers toast|brindis
`,
  things: `
⚽|football soccer|fútbol
🏀|basketball|baloncesto
🎾|tennis|tenis
🏆|trophy win|trofeo ganar
🥇|gold medal first|oro medalla
🎮|game video|juego
🎲|dice game|dado juego
🎯|target goal|diana objetivo
🎨|art paint|arte pintura
🎵|music note|música nota
🎸|guitar|guitarra
🎉|party tada celebrate|fiesta confeti celebrar
🎈|balloon|globo
🎁|gift present|regalo
🎄|christmas tree|navidad árbol
🚗|car|coche
🚌|bus|autobús
🚲|bicycle bike|bicicleta
🚆|train|tren
✈️|plane travel|avión viaje
🚀|rocket launch|cohete lanzar
🏠|house home|casa
🏖️|beach|playa
⛰️|mountain|montaña
📱|phone mobile|móvil teléfono
💻|laptop computer|portátil ordenador
⌨️|keyboard|teclado
📷|camera photo|cámara foto
🔋|battery|batería
💡|idea bulb|idea bombilla
🔧|wrench fix|llave arreglar
🔨|hammer|martillo
🐛|bug|error bicho
📦|package box|paquete caja
📎|paperclip|clip
📌|pin|chincheta
📝|note memo write|nota escribir
📅|calendar date|calendario fecha
📈|chart up|gráfico subir
📉|chart-down|gráfico bajar
📚|books|libros
✉️|mail letter|correo carta
🔒|lock secure|candado seguro
🔑|key|llave
⏰|alarm clock time|alarma reloj hora
⏳|hourglass wait|reloj-arena esperar
💰|money|dinero
🛒|cart shop|carrito compra
🗑️|trash delete|basura borrar
🔗|link|enlace
🏳️‍🌈|rainbow flag pride|bandera arcoíris orgullo
🏁|finish flag|meta bandera
`,
}

export const emojiGroups = Object.entries(lines).map(([name, text]) => ({
  name: name as GroupName,
  emoji: text
    .trim()
    .split('\n')
    .map((line): NamedEmoji => {
      const [emoji = '', en = '', es = ''] = line.split('|')
      return { emoji, en, es }
    }),
}))
