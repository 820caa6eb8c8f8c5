#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# fetch.sh DIR RELEASE...: the newest cloud kernel of each Debian release,
# unpacked into DIR/RELEASE/{vmlinuz,modules/}, with its version in
# DIR/RELEASE/version. What is there already is kept. Nothing is installed, and
# the machine's own package lists stay as they are.
#
# Exit status 3 means that the kernel cannot be had here: the last line says
# why.
set -euo pipefail

unavailable() {
	echo "$*" >&2
	exit 3
}

for tool in apt-get apt-cache dpkg-deb; do
	command -v "$tool" >/dev/null || unavailable "$tool is not installed"
done

dir=${1:?"usage: fetch.sh DIR RELEASE..."}
shift
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)

# The mirrors that this machine installs from, with the label of what is there:
# the archive itself and the one with security updates.
mirrors() {
	apt-get indextargets --format "\$(LABEL) \$(SITE)" \
		'Created-By: Packages' 'Origin: Debian' | sort -u
}

keyring_of() {
	local ring
	for ring in "/usr/share/keyrings/debian-archive-keyring.gpg" \
		"/usr/share/keyrings/debian-archive-$1-stable.gpg"; do
		[ -r "$ring" ] && echo "$ring" && return
	done
	unavailable "no keyring of Debian's archive in /usr/share/keyrings"
}

# Old releases leave the archive before their security updates do, and sid has
# none, so one of the two lines may fail.
sources() {
	local release=$1 ring label site suite
	ring=$(keyring_of "$release")
	while read -r label site; do
		case $label in
		Debian) suite=$release ;;
		Debian-Security) suite=$release-security ;;
		*) continue ;;
		esac
		[ "$suite" = sid-security ] ||
			echo "deb [arch=amd64 signed-by=$ring] $site $suite main"
	done < <(mirrors)
}

# What a package depends on, as far as the names match.
depends() {
	apt-cache "${options[@]}" depends --no-recommends --no-suggests "$1" \
		2>>"$apt/log" | sed -n "s/.*Depends: \\($2\\)\$/\\1/p"
}

fetch() {
	local release=$1 apt=$dir/$1/apt name version
	local unpacked=$dir/$1/unpacked options packages
	rm -rf "${dir:?}/$release"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$unpacked"
	sources "$release" >"$apt/sources.list"
	[ -s "$apt/sources.list" ] ||
		unavailable "apt names no mirror of Debian (was apt-get update run?)"
	: >"$apt/status"
	options=(
		-o "Dir::Etc::SourceList=$apt/sources.list"
		-o "Dir::Etc::SourceParts=/dev/null"
		-o "Dir::State=$apt"
		-o "Dir::State::Lists=$apt/lists"
		-o "Dir::State::Status=$apt/status"
		-o "Dir::Cache=$apt/cache"
		-o "APT::Architecture=amd64"
		-o "APT::Architectures=amd64"
		-o "APT::Sandbox::User=root"
		-o "Acquire::Languages=none"
		-o "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"
		-o "Acquire::Retries=2"
		-o "Acquire::http::Timeout=30"
	)
	# A list that fails leaves the other one usable.
	apt-get -q "${options[@]}" update >"$apt/log" 2>&1 || true
	name=$(depends linux-image-cloud-amd64 'linux-image-[0-9].*' | tail -n 1)
	[ -n "$name" ] ||
		unavailable "the mirror has no linux-image-cloud-amd64 of $release"
	version=${name#linux-image-}
	# Since 7.0 the kernel and its modules are packages of their own.
	mapfile -t packages < <(echo "$name"
		depends "$name" "linux-[a-z]*-$version")
	(cd "$apt" && apt-get -q "${options[@]}" download "${packages[@]}") \
		>>"$apt/log" 2>&1 ||
		unavailable "${packages[*]} of $release cannot be downloaded"
	for name in "$apt"/*.deb; do
		dpkg-deb -x "$name" "$unpacked"
	done
	find "$unpacked" -name "vmlinuz*" -type f -exec mv {} "$dir/$release/vmlinuz" \;
	# /lib is a link to /usr/lib in later releases.
	for name in "$unpacked/lib" "$unpacked/usr/lib"; do
		if [ -d "$name/modules/$version" ]; then
			mv "$name/modules/$version" "$dir/$release/modules"
		fi
	done
	if ! [ -s "$dir/$release/vmlinuz" ] || ! [ -d "$dir/$release/modules" ]; then
		unavailable "no kernel and modules in ${packages[*]}"
	fi
	rm -rf "$unpacked" "$apt"
	# Written last: a download that was cut short starts anew.
	echo "$version" >"$dir/$release/version"
}

for release; do
	[ -s "$dir/$release/version" ] || fetch "$release"
	echo "$release: $(cat "$dir/$release/version")"
done
