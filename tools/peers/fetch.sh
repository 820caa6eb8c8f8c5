#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# usage: tools/peers/fetch.sh [BUILD_DIR]
#
# Puts Debian's builds of the original liburing into BUILD_DIR/peers/2.3 and
# BUILD_DIR/peers/2.15, unpacked and not installed, as the peers that checks and
# measurements run beside this library. What is there already stays.
#
# A version that the machine's own release does not have comes through an apt
# configuration in a directory of its own, from the mirror that this machine
# uses anyway; the machine's package lists are neither changed nor needed.
#
# Exit status: 0 when both versions are there, 77 with the reason on standard
# output when one cannot be had here, 1 for anything else.

set -u

LC_ALL=C
export LC_ALL

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# In seconds, for one call of apt.
patience=180

peers=${1:-build}/peers
work=
missing=

clean_up() {
	[ -z "$work" ] || rm -rf "$work"
}

die() {
	printf 'fetch.sh: %s\n' "$*" >&2
	exit 1
}

# have VERSION
have() {
	[ -f "$peers/$1/usr/include/liburing.h" ] &&
		[ -n "$(find "$peers/$1" -name liburing.so.2)" ]
}

# Where the machine's packages come from, most used first. An archive that is
# not Debian's own, or has security updates only, fails at the next step.
mirrors() {
	# The word in brackets is apt's.
	# shellcheck disable=SC2016
	apt-get indextargets --no-release-info --format '$(SITE)' \
		'Created-By: Packages' 2>>"$work/log" |
		sort | uniq -c | sort -rn | sed 's/^ *[0-9]* //'
}

# download APT_OPTION... -- VERSION
#
# Into the current directory. apt drops root's rights for a download where the
# directory can be reached by its own user, and only warns where it cannot.
download() {
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	# No option has a blank in it: paths are relative.
	# shellcheck disable=SC2086
	timeout "$patience" apt-get -q $options download \
		"liburing2=$2-*" "liburing-dev=$2-*" >>log 2>&1
}

# from_mirror MIRROR SUITE VERSION
from_mirror() {
	[ -f "$keyring" ] || return 1
	architecture=$(dpkg --print-architecture) || return 1
	printf 'deb [arch=%s signed-by=%s] %s %s main\n' \
		"$architecture" "$keyring" "$1" "$2" >sources.list
	rm -rf ./*.deb lists cache
	mkdir -p lists/partial cache/archives/partial
	: >status
	cat >apt.conf <<-END
		Dir::Etc::SourceList "$PWD/sources.list";
		Dir::Etc::SourceParts "-";
		Dir::State::Lists "$PWD/lists";
		Dir::State::Status "$PWD/status";
		Dir::Cache "$PWD/cache";
		Acquire::Languages "none";
		Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
		Acquire::Retries "1";
		Acquire::http::Timeout "20";
		Acquire::https::Timeout "20";
	END
	# "-c" comes after the machine's own configuration, APT_CONFIG before it.
	timeout "$patience" apt-get -q -c apt.conf update >>log 2>&1 || return 1
	download -c apt.conf -- "$3"
}

# from_any VERSION SUITE...
from_any() {
	version=$1
	shift
	for suite; do
		while read -r mirror; do
			from_mirror "$mirror" "$suite" "$version" && return 0
		done <mirrors
	done
	return 1
}

# fetch VERSION SUITE...: as a subshell, for it changes the directory.
fetch() (
	version=$1
	shift
	cd "$work" || exit 1
	printf '== %s\n' "$version" >>log
	if ! download -o Acquire::http::Timeout=20 -- "$version"; then
		from_any "$version" "$@" || exit 77
	fi
	mkdir tree
	for package in ./*.deb; do
		dpkg -x "$package" tree >>log 2>&1 || exit 1
	done
	rm -f ./*.deb
)

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir -p "$peers/compat/linux" || exit 1
peers=$(cd "$peers" && pwd) || exit 1
# The header of 2.15 asks for a file that kernel headers before 6.12 lack.
# -idirafter peers/compat makes it compile there.
if [ ! -f "$peers/compat/linux/blkdev.h" ]; then
	printf '#define BLOCK_URING_CMD_DISCARD _IO(0x12, 0)\n' \
		>"$peers/compat/linux/blkdev.h.$$" || die "cannot write to $peers"
	mv "$peers/compat/linux/blkdev.h.$$" "$peers/compat/linux/blkdev.h"
fi

for version in 2.3 2.15; do
	have "$version" || missing="$missing $version"
done
[ -n "$missing" ] || exit 0

for program in apt-get dpkg timeout; do
	command -v "$program" >/dev/null || {
		printf 'skip: the original liburing%s cannot be fetched: no %s here\n' \
			"$missing" "$program"
		exit 77
	}
done

# Several checks may start this at once: each works in a directory of its own,
# and the first to be ready puts its result in place.
work=$(mktemp -d "$peers/fetch.XXXXXX") || exit 1
chmod 755 "$work"
mirrors >"$work/mirrors"

status=0
for version in $missing; do
	case $version in
	2.3) fetch 2.3 bookworm ;;
	2.15) fetch 2.15 sid testing ;;
	esac
	case $? in
	0) ;;
	77)
		why=$(sed -n 's/^[EW]: //p' "$work/log" | tail -n 1)
		printf 'skip: the original liburing %s cannot be fetched: %s\n' \
			"$version" "${why:-no Debian mirror is configured here}"
		status=77
		rm -rf "$work/tree"
		continue
		;;
	*)
		cat "$work/log" >&2
		die "cannot unpack liburing $version"
		;;
	esac
	if ! have "$version"; then
		rm -rf "${peers:?}/$version"
		mv "$work/tree" "$peers/$version" 2>/dev/null
	fi
	rm -rf "$work/tree"
	have "$version" || die "the packages of liburing $version are incomplete"
done
[ $status -eq 0 ] || exit $status
