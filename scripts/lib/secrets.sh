# shellcheck shell=bash
# The stack's secrets: random, made once, kept in files that only their owner may read.

SECRETS=$RUN/secrets
SECRET_NAMES=(jwt-key edge-key dodo-api-key dodo-webhook google-client-secret hetzner-token model-key front)

ensure_secrets() {
  mkdir -p "$SECRETS"
  chmod 700 "$SECRETS"
  keep_secret jwt-key "$(openssl rand -base64 48 | tr -d '\n')"
  keep_secret edge-key "$(openssl rand -hex 32)"
  keep_secret dodo-api-key "dodo_test_$(openssl rand -hex 24)"
  keep_secret dodo-webhook "whsec_$(openssl rand -base64 32)"
  # By this the API believes the edge who calls.
  keep_secret front "$(openssl rand -hex 32)"
  keep_secret hetzner-token "$(openssl rand -hex 32)"
  # As the platform's provider of models knows us.
  keep_secret model-key "sk-1mins-platform-$(openssl rand -hex 24)"
  keep_secret google-client-secret "GOCSPX-$(openssl rand -hex 14)"
}

keep_secret() {
  if [[ -s $SECRETS/$1 ]]; then return 0; fi
  (umask 077 && printf '%s' "$2" >"$SECRETS/$1")
}

# Into Parameter Store, where the functions read them. By file: an argument list is public.
put_secrets() {
  local name
  for name in "${SECRET_NAMES[@]}"; do
    aws ssm put-parameter --name "/1mins/$STAGE/secrets/$name" --type SecureString --overwrite \
      --value "file://$SECRETS/$name" >/dev/null
  done
}
