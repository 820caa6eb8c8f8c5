#!/usr/bin/env bash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# initramfs.sh KERNEL TESTS LIST OUTPUT: writes an initramfs with busybox,
# init.sh, the programs of the directory TESTS with the libraries that they
# load, the file LIST that says which of them to run, and the modules of KERNEL
# (a directory made by fetch.sh) that they need.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
kernel=${1:?"usage: initramfs.sh KERNEL TESTS LIST OUTPUT"}
tests=$2
list=$3
output=$4
# Of the kernel: /disk, and the device that is told to discard.
modules=(loop)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

mkdir -p "$root"/{bin,dev,disk,modules,proc,sys,tests,tmp}
cp "$(command -v busybox)" "$root/bin/busybox"
install -m 755 "$here/init.sh" "$root/init"
ln -s ../init "$root/bin/run"
cp "$tests"/* "$root/tests/"
cp "$list" "$root/tests/list"

# The loader and libc, where the programs look for them. (ldd fails for busybox
# where that is static.)
{ find "$tests" "$root/bin" -type f -perm -u+x -exec ldd {} + 2>/dev/null || :; } |
	sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p' | sort -u |
	while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
	done

for module in "${modules[@]}"; do
	find "$kernel/modules" -name "$module.ko*" | while read -r file; do
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -qdc "$file" ;;
		*) cat "$file" ;;
		esac >"$root/modules/$module.ko"
	done
done

truncate -s 32M "$root/disk.img"
PATH=$PATH:/usr/sbin:/sbin mke2fs -q -F -t ext4 -O ^has_journal "$root/disk.img"

(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$output"
