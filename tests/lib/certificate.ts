import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

/** A key and a certificate that vouches for itself, as files in the PEM format. */
export type Certificate = { keyFile: string; certificateFile: string }

/** For a server at 127.0.0.1, good for two days. */
export async function createCertificate(folder: string): Promise<Certificate> {
  const keyFile = path.join(folder, 'key.pem')
  const certificateFile = path.join(folder, 'certificate.pem')
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const files = ['-keyout', keyFile, '-out', certificateFile]
  const kind = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2']
  await promisify(execFile)('openssl', ['req', ...kind, ...names, ...files])
  return { keyFile, certificateFile }
}
