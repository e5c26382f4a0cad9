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
  # Only ninja itself can say whether there is anything to do: its dry run ends at the lists of files that it would look through.
  ninja -C "$tree" "${targets[@]}" 2>&1 | tee "$log" | build_progress "${tree#"$ROOT"/}" || build_failed "$log"
}
# build_progress TREE: of ninja's words on stdin, says that something is built where that is so; counts where somebody watches.
build_progress() {
  local line said=''
  while IFS= read -r line; do
    [[ $line =~ ^\[[1-9][0-9]*/[0-9]+\] ]] || continue
    [ -n "$said" ] || say "编译 $1"
    said=yes
    [ ! -t 1 ] || printf '\r%s ' "${BASH_REMATCH[0]}"
  done
  [ ! -t 1 ] || [ -z "$said" ] || printf '\r\e[K'
}
build_failed() {
  tail -n 40 "$1" >&2
  fail 70 "编译没有成功，最后的输出在上面，全文在 $1" "若换过编译器或系统，删掉 ${1%/*} 再来一次"
}
