#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# PID 1 of the guest: runs what /tests/list names, "NAME FLAVOUR together" or
# "NAME FLAVOUR alone" a line, and tells the host through the second serial
# port, where no message of the kernel comes between:
#
#	kernel VERSION
#	start NAME FLAVOUR
#	end NAME FLAVOUR STATUS OUTPUT, with tabs for line breaks
#	over
#
# With "probe" on the kernel's command line it runs none. Called as "run" it is
# one test.

PATH=/bin
export PATH

out=/dev/ttyS1

# Each line is one write(), so two tests cannot mix theirs.
if [ "${0##*/}" = run ]; then
	dir=/disk/$1.$2
	busybox mkdir "$dir" && cd "$dir" || exit 0
	busybox printf 'start %s %s\n' "$1" "$2" >$out
	# Emulated, two SQPOLL threads on two processors take their time.
	RING_FLAVOUR=$2 RING_TIMEOUT=100 TMPDIR=$dir busybox timeout -k 5 120 \
		"/tests/$1" >"/tmp/$1.$2" 2>&1 </dev/null
	status=$?
	text=$(busybox tail -c 1500 "/tmp/$1.$2" | busybox tr '\n' '\t')
	busybox printf 'end %s %s %s %s\n' "$1" "$2" "$status" "$text" >$out
	cd / && busybox rm -rf "$dir" "/tmp/$1.$2"
	exit 0
fi

busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mkdir -p /dev/shm
busybox mount -t tmpfs tmp /tmp
busybox mount -t tmpfs shm /dev/shm
busybox stty -F $out raw -echo
busybox printf 'kernel %s\n' "$(busybox uname -r)" >$out

tests() {
	busybox ip link set lo up
	for module in /modules/*.ko; do
		busybox insmod "$module"
	done
	# A file system on a block device, as on the machines that programs run
	# on: tmpfs knows no user attributes before 6.6 and no O_DIRECT before
	# 6.9.
	busybox mount -t ext4 -o loop /disk.img /disk
	pass together "$(busybox nproc)"
	pass alone 1
}

pass() {
	busybox sed -n "s/ $1\$//p" /tests/list | busybox xargs -r -n 2 -P "$2" /bin/run
}

case " $(busybox cat /proc/cmdline) " in
*" probe "*) ;;
*) tests ;;
esac
busybox printf 'over\n' >$out
busybox sync
busybox poweroff -f
