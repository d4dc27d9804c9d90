#!/usr/bin/env bash
# Makes the certificates of the listener's tests anew, in test/support/tls/listener: one authority with two certificates of
# servers and those of clients, and a client of another authority. Needs openssl. Nothing else uses these keys.
set -euo pipefail
cd "$(dirname "$0")/../test/support/tls/listener"

days=36500

# authority NAME
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days $days -subj "/CN=$1" \
    -keyout "$1-key.pem" -out "$1.pem" 2>/dev/null
}

# leaf NAME AUTHORITY SUBJECT EXTENSIONS
leaf() {
  local name=$1 by=$2 subject=$3 extensions=$4
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$subject" -keyout "$name-key.pem" 2>/dev/null |
    openssl x509 -req -CA "$by.pem" -CAkey "$by-key.pem" -set_serial "0x$(openssl rand -hex 8)" -days $days \
      -extfile <(printf '%s' "$extensions") -out "$name.pem" 2>/dev/null
}

server='subjectAltName=DNS:localhost,IP:127.0.0.1
extendedKeyUsage=serverAuth'
client='extendedKeyUsage=clientAuth'

authority authority
authority stranger
leaf server authority /CN=first "$server"
leaf renewed authority /CN=renewed "$server"
leaf workload authority /O=Acme/CN=workload "$client
subjectAltName=URI:spiffe://acme.test/ns/prod/sa/billing"
leaf named authority /O=Acme/CN=reports.acme.test "$client
subjectAltName=DNS:reports.acme.test"
leaf unmapped authority /O=Acme/CN=nobody "$client"
leaf forged stranger /O=Acme/CN=workload "$client
subjectAltName=URI:spiffe://acme.test/ns/prod/sa/billing"
rm authority-key.pem stranger-key.pem
