/** Something that whoever runs the command can mend: shown as its sentence, without a stack. */
export class Problem extends Error {
  override readonly name = 'Problem'
}
