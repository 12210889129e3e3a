#!/usr/bin/env bash
# Builds the Debian package out of a program that is already compiled; needs dpkg-deb and nothing as root.
#
#   packaging/debian/build.sh PROGRAM FOLDER      writes FOLDER/dipchip_VERSION_ARCH.deb and prints its path
#
# The same inputs give the same bytes: every time stamp is SOURCE_DATE_EPOCH, by default the last commit's.
set -euo pipefail

if [ $# -ne 2 ] || [ ! -x "$1" ]; then
    echo "usage: packaging/debian/build.sh PROGRAM FOLDER, with PROGRAM the compiled dipchip" >&2
    exit 2
fi
program=$(realpath "$1")
folder=$(realpath "$2")
here=$(dirname "$(realpath "$0")")
root=$(dirname "$(dirname "$here")")

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
arch=$(dpkg --print-architecture)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || stat -c %Y "$root/Cargo.toml")}
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/dipchip

# place MODE SOURCE TARGET: one file, with the folders above it.
place() {
    install -D -m "$1" "$2" "$tree$3"
}

place 755 "$program" /usr/bin/dipchip
strip --strip-unneeded --remove-section=.comment "$tree/usr/bin/dipchip"
place 644 "$root/config/kiosk.toml" /etc/dipchip/dipchip.toml
place 644 "$here/dipchip.service" /usr/lib/systemd/system/dipchip.service
place 644 "$here/dipchip.sysusers" /usr/lib/sysusers.d/dipchip.conf
place 644 "$here/dipchip.rules" /usr/share/polkit-1/rules.d/50-dipchip.rules
place 644 "$here/copyright" /usr/share/doc/dipchip/copyright
# What is inside the program and asks to be named beside it: postal table, face models, font.
place 644 "$root/crates/citizen/data/NOTICE" /usr/share/doc/dipchip/NOTICE.postal-codes
place 644 "$root/crates/vision/model/LICENSE" /usr/share/doc/dipchip/LICENSE.face-model
place 644 "$root/crates/vision/model/LICENSE.blazeface" /usr/share/doc/dipchip/LICENSE.face-network
place 644 "$root/crates/agent/page/fonts/OFL.txt" /usr/share/doc/dipchip/LICENSE.font
place 644 "$here/dipchip.1" /usr/share/man/man1/dipchip.1
while IFS= read -r note; do
    place 644 "$root/firmware-notes/$note" "/usr/share/dipchip/firmware-notes/$note"
done < <(cd "$root/firmware-notes" && find . -name '*.md' -printf '%P\n' | sort)

maintainer="Dipchip maintainers <maintainers@dipchip.example>"
changelog=$tree/usr/share/doc/dipchip/changelog
{
    echo "dipchip ($version) unstable; urgency=medium"
    echo
    echo "  * Version $version; what changed stands in CHANGELOG.md of the sources."
    echo
    echo " -- $maintainer  $(date -u -R -d "@$epoch")"
} > "$changelog"
gzip -9n "$changelog" "$tree/usr/share/man/man1/dipchip.1"

# What the program links, from the symbols it uses where dpkg-dev is installed.
libraries="libc6, libgcc-s1, libpcsclite1"
if command -v dpkg-shlibdeps >/dev/null; then
    mkdir -p "$work/debian"
    printf 'Source: dipchip\n\nPackage: dipchip\nArchitecture: any\n' > "$work/debian/control"
    if found=$(cd "$work" && dpkg-shlibdeps -O -e dipchip/usr/bin/dipchip 2>/dev/null); then
        libraries=${found#shlibs:Depends=}
    fi
fi

mkdir -p "$tree/DEBIAN"
{
    echo "Package: dipchip"
    echo "Version: $version"
    echo "Architecture: $arch"
    echo "Maintainer: $maintainer"
    echo "Installed-Size: $(du -k -s --apparent-size "$tree" | cut -f1)"
    echo "Depends: $libraries, init-system-helpers (>= 1.54), pcscd, systemd | systemd-standalone-sysusers | systemd-sysusers"
    echo "Recommends: fonts-noto-core, libccid"
    echo "Section: misc"
    echo "Priority: optional"
    echo "Description: citizen card e-KYC agent"
    echo " Reads a Thai citizen card in a PC/SC reader, takes the reference of an errand"
    echo " from a QR code or barcode, and drives the bank's validate, consent, check and"
    echo " submit calls for one customer at a time."
    echo " ."
    echo " The journey is shown on a page that the agent serves on the machine itself,"
    echo " in Thai and English. Nothing of a customer is kept once the journey is over."
} > "$tree/DEBIAN/control"
echo /etc/dipchip/dipchip.toml > "$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do
    install -m 755 "$here/$script" "$tree/DEBIAN/$script"
done
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) > "$tree/DEBIAN/md5sums"
chmod 644 "$tree/DEBIAN/control" "$tree/DEBIAN/conffiles" "$tree/DEBIAN/md5sums"
find "$tree" -exec touch --no-dereference --date="@$epoch" {} +

package=$folder/dipchip_${version}_$arch.deb
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" >&2
echo "$package"
