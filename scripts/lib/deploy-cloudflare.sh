# Deploys the functions as Cloudflare Workers; sourced by scripts/deploy.

deploy() {
  local name
  for name in $functions; do
    grep -q "^\[env\.$name\]" wrangler.toml ||
      fail "wrangler.toml has no environment for $name" "Add [env.$name] with its name, main and secrets."
    say "Worker $name"
    if [ "$dry_run" = yes ]; then
      node_modules/.bin/wrangler deploy --env "$name" --dry-run --outdir ".wrangler/dry-run/$name"
      print_secrets "$name"
    else
      # wrangler refuses to deploy while a required secret is not set.
      node_modules/.bin/wrangler deploy --env "$name" ${secrets_file:+--secrets-file "$secrets_file"} ||
        fail "$name was not deployed" "$(how_to_set_secrets "$name")"
    fi
  done
}

required_secrets() {
  node scripts/lib/required-secrets.mjs "$1"
}

how_to_set_secrets() {
  echo "Set secrets with scripts/deploy cloudflare --secrets-file FILE $1, or npx wrangler secret bulk FILE --env $1"
}

# Names what the Worker needs, and checks it against the secrets file when there is one.
print_secrets() {
  local secret missing=
  for secret in $(required_secrets "$1"); do
    if [ -n "$secrets_file" ] && ! grep -q "^$secret=." "$secrets_file"; then missing="$missing $secret"; fi
  done
  echo "Required secrets: $(required_secrets "$1" | tr '\n' ' ')"
  case $1 in
    get-openvidu-token | start-meeting | end-meeting | openvidu-webhook | deliver-outbox)
      echo "For operators' meetings also OPENVIDU_URL, OPENVIDU_SECRET and OPENVIDU_WEBHOOK_SECRET, or LIVEKIT_URL," \
        "LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
      ;;
  esac
  how_to_set_secrets "$1"
  [ -z "$missing" ] || fail "$secrets_file lacks what $1 needs:$missing"
}
