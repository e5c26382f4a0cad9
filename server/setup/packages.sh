# shellcheck shell=bash
# The one list of Debian packages, and how they come onto the machine. To be sourced after common.sh.
# shellcheck disable=SC2034  # the lists are for those who source this

PACKAGES_SERVER=(
  gcc libc6-dev cmake ninja-build pkgconf # the build
  libuv1-dev libprotobuf-c-dev protobuf-c-compiler libpq-dev libssl-dev libinih-dev libsmartcols-dev uthash-dev gettext
  postgresql-15 openssl # at run time
)
# Needed: without them there is no test run. Wanted: without one of these only its own suite is skipped, by name.
PACKAGES_TESTS=(libcmocka-dev python3-minimal python3-protobuf protobuf-compiler)
PACKAGES_TESTS_WANTED=(tmux iproute2 sslscan faketime clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck)

# packages_missing NAME…: those that are not installed, one a line.
packages_missing() {
  local there
  there=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null | sed -n 's/ installed$//p') || true
  printf '%s\n' "$@" | grep -vxF -e "$there" || true
}

# Prints how this person gets root rights ("" for root itself); false where there is no way.
packages_privilege() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || return 1
  if sudo -n true 2>/dev/null; then
    echo "sudo -n"
  elif [ -t 0 ] && [ -t 2 ]; then
    echo "sudo"
  else
    return 1
  fi
}

packages_install() { # packages_install PRIVILEGE NAME…
  local privilege=$1
  shift
  # Debian would set up and start a cluster of its own on TCP port 5432: ours is private and has no port.
  case " $* " in *" postgresql-15 "*)
    $privilege mkdir -p /etc/postgresql-common/createcluster.d &&
      echo "create_main_cluster = false" | $privilege tee /etc/postgresql-common/createcluster.d/00-liandong.conf >/dev/null || return 1
    ;;
  esac
  $privilege env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
    $privilege env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" >/dev/null
}

# packages_require MAY_INSTALL NAME…: returns when all are there; else names the exact line and ends with 69.
packages_require() {
  local may_install=$1 missing privilege
  shift
  command -v dpkg-query >/dev/null || fail 69 "这里不是 Debian，不知道怎样安装软件包" "需要 Debian 12，或自行装好：$*"
  mapfile -t missing < <(packages_missing "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  local line="apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$may_install" = no ]; then
    fail 69 "缺少软件包，而 --no-install 不许安装。请管理员执行：" "$line"
  fi
  privilege=$(packages_privilege) || fail 69 "缺少软件包，当前用户 $(id -un) 无权安装（既不是 root，也用不了 sudo）。请管理员执行：" "$line"
  say "安装 ${#missing[@]} 个软件包：${missing[*]}"
  packages_install "$privilege" "${missing[@]}" || fail 69 "软件包没有装上（原因见上）。请检查网络和软件源，或请管理员执行：" "$line"
}

# packages_try NAME…: as above for what is only wanted; says what stays missing and goes on.
packages_try() {
  local missing privilege
  mapfile -t missing < <(packages_missing "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if privilege=$(packages_privilege); then
    say "安装 ${#missing[@]} 个测试工具：${missing[*]}"
    packages_install "$privilege" "${missing[@]}" || warn "没有装上：${missing[*]}，相应的测试会注明跳过"
  else
    warn "无权安装 ${missing[*]}，相应的测试会注明跳过"
  fi
}
