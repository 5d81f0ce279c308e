#!/usr/bin/env bash
# Makes the docker image busybox:local out of the system's static busybox: the base image of demos and tests,
# so that nothing has to be pulled from a public registry. Does nothing when the image is there and current.
set -euo pipefail

image=busybox:local
busybox=$(command -v busybox || true)
if [ -z "$busybox" ]; then
    echo "base-image: no busybox on this machine. Run bin/setup, which installs busybox-static." >&2
    exit 1
fi
if ldd "$busybox" >/dev/null 2>&1; then
    echo "base-image: $busybox is not static, an image of it alone would not start. Run: apt-get install busybox-static" >&2
    exit 1
fi

# Of the busybox and of this script: a change in either makes the image anew.
content=$(cat "$busybox" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)
if [ "$(docker image inspect --format '{{index .Config.Labels "fgctl.base-image"}}' "$image" 2>/dev/null)" = "$content" ]; then
    exit 0
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{bin,etc,root,home,usr,var/tmp,run}
mkdir -m 1777 "$tree/tmp"
chmod 1777 "$tree/var/tmp"
cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
ln -s ../bin "$tree/usr/bin"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' >"$tree/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/etc/group"

tar -C "$tree" --numeric-owner --owner=0 --group=0 -c . |
    docker import \
        --change 'ENV PATH=/bin:/usr/bin' \
        --change 'CMD ["/bin/sh"]' \
        --change "LABEL fgctl.base-image=$content" \
        --message "static busybox of this machine" \
        - "$image" >/dev/null
