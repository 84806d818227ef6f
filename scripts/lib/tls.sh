# shellcheck shell=bash
# A certificate authority of this machine alone, and the edge's certificate.

TLS=$RUN/tls
# The edge's is replaced when it has less than this left.
RENEW_BEFORE_S=$((30 * 24 * 3600))

# A trusted authority can speak for every host there is, unless it is bound to one domain: so that
# trusting this one in a browser risks nothing but this stack, it is.
ensure_certificates() {
  mkdir -p "$TLS"
  chmod 700 "$TLS"
  if ! authority_fits; then
    rm -f "$TLS"/ca.* "$TLS"/edge.*
    make_authority
  fi
  if ! openssl x509 -in "$TLS/edge.pem" -noout -checkend $RENEW_BEFORE_S >/dev/null 2>&1; then
    make_edge_certificate
  fi
}

authority_fits() {
  openssl x509 -in "$TLS/ca.pem" -noout -checkend $RENEW_BEFORE_S -ext nameConstraints 2>/dev/null |
    grep -qF "DNS:$DOMAIN"
}

make_authority() {
  make_key "$TLS/ca.key"
  openssl req -x509 -new -key "$TLS/ca.key" -out "$TLS/ca.pem" -days 3650 \
    -subj "/O=1mins local stack/CN=1mins local authority of $(hostname)" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
    -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -addext "nameConstraints=critical,permitted;DNS:$DOMAIN"
}

make_edge_certificate() {
  make_key "$TLS/edge.key"
  openssl req -new -key "$TLS/edge.key" -subj "/CN=$DOMAIN" -out "$TLS/edge.csr"
  openssl x509 -req -in "$TLS/edge.csr" -CA "$TLS/ca.pem" -CAkey "$TLS/ca.key" -CAcreateserial \
    -days 397 -out "$TLS/edge.pem" -extfile <(printf '%s\n' \
      "basicConstraints=critical,CA:FALSE" \
      "keyUsage=critical,digitalSignature" \
      "extendedKeyUsage=serverAuth" \
      "subjectAltName=DNS:$DOMAIN,DNS:*.$DOMAIN")
  rm "$TLS/edge.csr"
}

make_key() {
  (umask 077 && openssl ecparam -name prime256v1 -genkey -noout -out "$1")
}
