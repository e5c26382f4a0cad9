# shellcheck shell=bash
# Build trees under .build/: one folder a kind, configured once, brought up to date by ninja. To be sourced after common.sh.

# build_tree KIND TARGET… -- CMAKE_OPTION…: quiet where all goes well; the compiler's words where not.
build_tree() {
  local tree=$ROOT/.build/$1 targets=() options log
  shift
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    targets+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  options="$*"
  mkdir -p "$tree" || fail 73 "建不了编译目录 $tree" "把源码放到当前用户 $(id -un) 可写的地方再来"
  log=$tree/build.log
  # Configuring again is ninja's business, unless somebody wants other options than the tree has.
  if [ ! -f "$tree/build.ninja" ] || { [ -n "$options" ] && [ "$options" != "$(cat "$tree/options" 2>/dev/null)" ]; }; then
    say "配置 ${tree#"$ROOT"/}"
    # shellcheck disable=SC2086  # options are words
    cmake -G Ninja -S "$ROOT" -B "$tree" $options >"$log" 2>&1 || build_failed "$log"
    printf '%s' "$options" >"$tree/options"
  fi
  if ninja -C "$tree" -n "${targets[@]}" 2>/dev/null | grep -q 'no work to do'; then return 0; fi
  say "编译 ${tree#"$ROOT"/}"
  if [ -t 1 ]; then
    ninja -C "$tree" "${targets[@]}" || fail 70 "编译没有成功（原因见上）" "若换过编译器或系统，删掉 $tree 再来一次"
  else
    ninja -C "$tree" "${targets[@]}" >"$log" 2>&1 || build_failed "$log"
  fi
}
build_failed() {
  tail -n 40 "$1" >&2
  fail 70 "编译没有成功，最后的输出在上面，全文在 $1" "若换过编译器或系统，删掉 ${1%/*} 再来一次"
}
