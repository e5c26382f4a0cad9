# shellcheck shell=bash
# Two texts side by side on a screen where a Chinese character takes two columns. To be sourced.

COLUMNS_WIDTH=120
if [ -t 1 ] && columns_size=$(stty size 2>/dev/null); then COLUMNS_WIDTH=${columns_size#* }; fi
[ "$COLUMNS_WIDTH" -ge 60 ] || COLUMNS_WIDTH=60
COLUMNS_HALF=$(((COLUMNS_WIDTH - 5) / 2))

# columns_width TEXT: in CELLS.
columns_width() {
  local wide=${1//[$'\x01'-$'\x7f'“”‘’…—·→─━│┃✓❯]/}
  CELLS=$((${#1} + ${#wide}))
}
# columns_wrap TEXT: into WRAPPED, lines of at most half the screen.
columns_wrap() {
  local text=$1 line='' i character used=0
  WRAPPED=()
  for ((i = 0; i < ${#text}; i++)); do
    character=${text:i:1}
    columns_width "$character"
    if ((used + CELLS > COLUMNS_HALF)); then
      WRAPPED+=("$line")
      line='   ' used=3
    fi
    line+=$character used=$((used + CELLS))
  done
  WRAPPED+=("$line")
}
columns_cell() { # TEXT, padded
  columns_width "$1"
  printf '%s%*s' "$1" $((COLUMNS_HALF - CELLS)) ''
}
columns_rule() {
  local rule
  printf -v rule '%*s' "$COLUMNS_HALF" ''
  printf '  %s┼%s\n' "${rule// /─}─" "─${rule// /─}"
}
columns_head() {
  printf '  %s │ %s\n' "$(columns_cell "$1")" "$2"
  columns_rule
}
columns_row() { # columns_row LEFT RIGHT
  local left i
  columns_wrap "$1"
  left=("${WRAPPED[@]}")
  columns_wrap "$2"
  for ((i = 0; i < ${#left[@]} || i < ${#WRAPPED[@]}; i++)); do
    printf '  %s │ %s\n' "$(columns_cell "${left[i]:-}")" "${WRAPPED[i]:-}"
  done
}
