# Builds a crate for both edges; sourced by scripts/build and scripts/bench, after scripts/setup.

# worker-build downloads its helpers unless it is told where they are.
export WASM_BINDGEN_BIN="$WASM_BINDGEN"
export WASM_OPT_BIN="$ROOT/scripts/lib/wasm-opt"
export ESBUILD_BIN="$ROOT/scripts/lib/esbuild"

# Everything that decides what a bundle contains.
is_current() {
  local folder=$1 module=$2 stamp="$1/build/.built"
  [ -f "$stamp" ] && [ -f "$module" ] &&
    [ -z "$(find "$folder/src" "$folder/Cargo.toml" shared/src shared/Cargo.toml \
      Cargo.toml Cargo.lock rust-toolchain.toml package-lock.json scripts/lib/build-worker.sh \
      scripts/lib/common.sh scripts/lib/wasm-opt scripts/lib/esbuild scripts/lib/shim.js scripts/lib/bundle-supabase.mjs \
      -newer "$stamp" -print | head -n 1)" ]
}

# build_worker FOLDER MODULE: leaves the bundle for Cloudflare Workers in FOLDER/build and the module for Supabase in
# MODULE; nothing when they are there and the sources are unchanged.
build_worker() {
  local folder=$1 module=$2 name started
  is_current "$folder" "$module" && return
  name=$(basename "$folder")
  # Taken before the build, so that an edit made during it is seen by the next one.
  mkdir -p target
  started=target/.$name.started
  touch "$started"
  say "Building $name"
  rm -f "$folder/build/.built"
  # Without RUST_BACKTRACE=0, worker-build follows a compiler's message with its own stack.
  (cd "$folder" && RUST_BACKTRACE=0 "$WORKER_BUILD" --release) ||
    fail "$name was not built" "The messages above say why."
  node scripts/lib/bundle-supabase.mjs "$folder/build/index.js" "$module"
  mv "$started" "$folder/build/.built"
}
