/** A self-signed certificate made on the spot, for an origin whose TLS nobody should trust. No key lies in the repository. */
import { generateKeyPairSync, sign } from 'node:crypto'

/** One DER element: tag, length, content. */
function element(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  const length =
    body.length < 0x80
      ? Buffer.from([body.length])
      : body.length < 0x100
        ? Buffer.from([0x81, body.length])
        : Buffer.from([0x82, body.length >> 8, body.length & 0xff])
  return Buffer.concat([Buffer.from([tag]), length, body])
}

const sequence = (...content: Uint8Array[]): Buffer => element(0x30, ...content)
const ECDSA_WITH_SHA256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))
const COMMON_NAME = Buffer.from('0603550403', 'hex')
const SUBJECT_ALTERNATIVE_NAME = Buffer.from('0603551d11', 'hex')

/** Key and certificate of 127.0.0.1, in PEM, signed by itself. */
export function selfSigned(): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const name = sequence(element(0x31, sequence(COMMON_NAME, element(0x0c, Buffer.from('127.0.0.1')))))
  const validity = sequence(element(0x17, Buffer.from('250101000000Z')), element(0x18, Buffer.from('21250101000000Z')))
  const address = sequence(element(0x87, Buffer.from([127, 0, 0, 1])))
  const certified = sequence(
    element(0xa0, element(0x02, Buffer.from([2]))),
    element(0x02, Buffer.from([1])),
    ECDSA_WITH_SHA256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(sequence(SUBJECT_ALTERNATIVE_NAME, element(0x04, address)))),
  )
  const signature = sign('sha256', certified, privateKey)
  const certificate = sequence(certified, ECDSA_WITH_SHA256, element(0x03, Buffer.from([0]), signature))
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? []
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  }
}
