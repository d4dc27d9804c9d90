import { X509Certificate } from 'node:crypto';

const DAY_MS = 86_400_000;
/** DER: type UTCTime and the length of YYMMDDHHMMSSZ (RFC 5280, 4.1.2.5.1). */
const UTC_TIME = Buffer.from([0x17, 13]);

/** Writes other dates into a certificate: it began 100 days ago and ends in so many. Its signature is no longer valid. */
export function endingIn(days: number, pem: string): string {
  const der = Buffer.from(new X509Certificate(pem).raw);
  const begin = der.indexOf(UTC_TIME);
  const end = der.indexOf(UTC_TIME, begin + 15);
  if (begin < 0 || end !== begin + 15) throw new Error('the dates of the certificate are not two UTCTime in a row');
  der.write(utcTime(Date.now() - 100 * DAY_MS), begin + 2, 'latin1');
  der.write(utcTime(Date.now() + days * DAY_MS), end + 2, 'latin1');
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function utcTime(at: number): string {
  return `${new Date(at)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2)}`;
}
